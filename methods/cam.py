"""Class activation mapping: where the last feature maps speak for the score."""

import difflib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor, nn
from torch.nn.functional import interpolate
from torch.overrides import TorchFunctionMode

from bench.contracts import BadInput, Context, MethodTags, Unsupported
from bench.contracts.plugins import Target
from bench.passes import derivative, differentiable, explained, in_chunks, leaf, rows_of

LAST = "last_conv"


@dataclass(frozen=True)
class GradCAM:
    """Feature maps of a layer, weighted by the mean gradient of the score with respect to each, upsampled.

    layer: a module's name, or `last_conv`: the last convolution with more than one voxel of output, taken after its
    normalisation, activation and residual sum (all that follows at the same shape). relu: keep the positive part, as in
    the paper; the default keeps the sign, so that the map of -f is minus the map of f. Upsampling is trilinear with
    voxel centres aligned (align_corners False).
    """

    layer: str = LAST
    relu: bool = False

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = (
        "Selvaraju et al. 2017, Grad-CAM: visual explanations via gradient-based localization, ICCV"
    )
    tags: ClassVar[MethodTags] = MethodTags(
        "cam",
        "location",
        needs=frozenset({"layer"}),
        laws=frozenset({"scale", "shift", "implementation"}),
        cost="forward + backward",
    )

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Tensor:
        """Map (N, 1, D, H, W). Raises Unsupported where the network has no such feature maps."""

        def work(rows: Tensor) -> Tensor:
            x = leaf(model, inputs[rows])
            with _captured(model, self.layer) as captured:
                outputs = model(x)
            features = captured.of(len(x), self.layer)
            slope = derivative(explained(outputs, rows_of(target, rows)), features)
            coarse = (slope.mean((2, 3, 4), keepdim=True) * features.detach()).sum(1, keepdim=True)
            coarse = coarse.clamp(min=0) if self.relu else coarse
            return interpolate(coarse, inputs.shape[2:], mode="trilinear", align_corners=False).to(inputs)

        with differentiable(model):
            return in_chunks(inputs, work).detach().contiguous()


@dataclass
class _Captured:
    """The feature maps of one forward pass."""

    features: Tensor | None = None

    def of(self, rows: int, layer: str) -> Tensor:
        """Feature maps (rows, channels, d, h, w) that take part in the pass."""
        if self.features is None:
            raise Unsupported("Grad-CAM needs convolutional feature maps; this network makes none that can be seen")
        if self.features.ndim != 5 or len(self.features) != rows or not self.features.requires_grad:
            shape = tuple(self.features.shape)
            raise Unsupported(f"Grad-CAM needs feature maps (N, channels, D, H, W); '{layer}' gives shape {shape}")
        return self.features


class _LastConvolution(TorchFunctionMode):
    """Follows the output of the last convolution through all that keeps its shape."""

    def __init__(self, captured: _Captured):
        super().__init__()
        self.captured = captured

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if isinstance(result, Tensor) and result.requires_grad and self._is_next(func.__name__, result, args):
            self.captured.features = result
        return result

    def _is_next(self, name: str, result: Tensor, args: Any) -> bool:
        if name == "conv3d":
            return result[0, 0].numel() > 1
        last = self.captured.features
        return last is not None and result.shape == last.shape and any(argument is last for argument in args)


@contextmanager
def _captured(model: nn.Module, layer: str) -> Iterator[_Captured]:
    captured = _Captured()
    if layer == LAST:
        with _LastConvolution(captured):
            yield captured
        return
    handle = _module(model, layer).register_forward_hook(_keeping(captured))
    try:
        yield captured
    finally:
        handle.remove()


def _keeping(captured: _Captured) -> Any:
    def hook(_: nn.Module, __: Any, output: Tensor) -> Tensor:
        captured.features = output
        # an in-place operation after the layer must not write into what was kept
        return output.clone()

    return hook


def _module(model: nn.Module, name: str) -> nn.Module:
    modules = dict(model.named_modules())
    if name not in modules or not name:
        near = difflib.get_close_matches(name, modules, 1) or [LAST]
        raise BadInput(f"grad_cam: the network has no layer '{name}'; did you mean '{near[0]}'?")
    return modules[name]
