"""The weights of attention in a forward pass, found by following it, and maps of tokens on the grid of the images."""

from math import prod
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from bench.contracts import Target, Unsupported
from bench.passes import explained
from methods._shared.features import upsampled

#: operations that attend and show no weights
_FUSED = ("scaled_dot_product_attention", "multi_head_attention_forward")
#: operations whose result lies on a grid of places
_LAYING = ("conv3d", "max_pool3d", "avg_pool3d", "adaptive_max_pool3d", "adaptive_avg_pool3d")
_OPEN = "write it as a softmax of query @ key.transpose(-2, -1), times value, as bench/networks/_attention.py does"


class AttendedPass(NamedTuple):
    """One pass: weights (N, heads, T, T) of each layer, rows that sum to 1, and score (N,), with their graph.

    grid: (d, h, w) of the tokens' places. first: 1 with a class token before them, else 0.
    """

    weights: tuple[Tensor, ...]
    score: Tensor
    grid: tuple[int, int, int]
    first: int

    def laid_out(self, flow: Tensor, inputs: Tensor) -> Tensor:
        """Flow (N, T, T) from tokens (columns) to what is read out, as maps (N, 1, D, H, W).

        Read out is the class token where there is one, else the mean of all tokens.
        """
        read = flow[:, 0] if self.first else flow.mean(1)
        return upsampled(read[:, self.first :].unflatten(1, self.grid)[:, None], inputs)


def attended(model: nn.Module, images: Tensor, target: Target) -> AttendedPass:
    """A pass whose attention was seen.

    A layer is a softmax over the last axis of (N, heads, T, T); tokens lie as the last convolution or pooling before
    it laid them, one token more is a class token in front. Raises Unsupported where there is none, where a fused kernel
    shows no weights, where tokens attend in windows or are merged, and where no convolution lays them out.
    """
    for name, module in model.named_modules():
        if isinstance(module, nn.MultiheadAttention):
            raise _fused(f"'{name}' (MultiheadAttention)")
    seeing = _Seeing()
    with seeing:
        score = explained(model(images), target)
    if not seeing.weights:
        raise Unsupported("attention maps need layers of attention over tokens; this network has none that can be seen")
    rows, _, tokens, _ = seeing.weights[0].shape
    if rows != len(images) or any(w.shape[2] != tokens or len(w) != rows for w in seeing.weights):
        raise Unsupported("tokens of this network attend in windows or are merged; no rule lays such attention out")
    grid = seeing.grid
    if grid is None or tokens - prod(grid) not in (0, 1):
        raise Unsupported(f"no convolution lays out the {tokens} tokens of this network; their places are not known")
    return AttendedPass(tuple(seeing.weights), score, grid, tokens - prod(grid))


class _Seeing(TorchFunctionMode):
    """The softmaxes of one pass that mix tokens, and the grid on which the first of them finds its tokens."""

    def __init__(self) -> None:
        super().__init__()
        self.weights: list[Tensor] = []
        self.grid: tuple[int, int, int] | None = None

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = getattr(func, "__name__", "")
        if name in _FUSED:
            raise _fused(f"'{name}'")
        result = func(*args, **(kwargs or {}))
        if name in _LAYING and not self.weights:
            self.grid = tuple(result.shape[2:])
        if name == "softmax" and result.ndim == 4 and result.shape[2] == result.shape[3] > 1:
            self.weights.append(result)
        return result


def _fused(where: str) -> Unsupported:
    return Unsupported(f"{where} attends in a fused kernel, whose weights cannot be read; {_OPEN}")


def unmixed(flow: Tensor) -> Tensor:
    """The flow (T, T) in which each token stays itself."""
    return torch.eye(flow.shape[-1], dtype=flow.dtype, device=flow.device)
