"""Maps of attention: which tokens were weighed, not what they said.

Attention is found by following the pass (`_shared/attention.py`), also in networks of yours: softmaxes over tokens that
a convolution lays out. What is read out is the class token, or the mean of all tokens. Upsampling is trilinear.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from bench.contracts import Context, MethodTags, Target
from bench.passes import differentiable, evaluating, in_chunks, leaf, rows_of
from bench.passes.forward import laid_out
from methods._shared.attention import AttendedPass, attended, unmixed


def _tags(cost: str, targeted: bool) -> MethodTags:
    return MethodTags(
        "attention",
        "location",
        signed=False,
        targeted=targeted,
        needs=frozenset({"attention"}),
        laws=frozenset({"shift", "implementation"}),
        cost=cost,
    )


@dataclass(frozen=True)
class RawAttention:
    """Raw attention of the last layer.

    The same for every class. A token whose value is zero counts for as much as it is weighed, and what earlier layers
    mixed into a token counts as that token's place.
    """

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "Bahdanau, Cho & Bengio 2015, ICLR, arXiv:1409.0473; Jain & Wallace 2019, NAACL (a trap)"
    summary: ClassVar[str] = (
        "The weights of the last layer of attention, mean over heads, by which tokens are read out."
    )
    tags: ClassVar[MethodTags] = _tags("forward", targeted=False)
    note: ClassVar[str] = "the same for every class; blind to values: what is weighed need not be heard"

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Tensor:
        """Map (N, 1, D, H, W), not negative. Raises Unsupported where the network shows no attention."""
        return _shown(model, inputs, target, lambda layers: layers[-1])


@dataclass(frozen=True)
class AttentionRollout:
    """Attention rollout.

    The same for every class. Half of every token is taken to pass a layer unmixed, whatever the layer adds.
    """

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "Abnar & Zuidema 2020, Quantifying attention flow in transformers, ACL"
    summary: ClassVar[str] = (
        "The product over layers of (A + I) / 2, A the mean over heads of the weights of attention."
    )
    tags: ClassVar[MethodTags] = _tags("forward", targeted=False)
    note: ClassVar[str] = "the same for every class; takes each layer to add as much as it is given"

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Tensor:
        """Map (N, 1, D, H, W), not negative. Raises Unsupported where the network shows no attention."""
        return _shown(model, inputs, target, _rolled_out)


@dataclass(frozen=True)
class GradientRollout:
    """Attention rollout weighted by gradients.

    What would lower the score is left out, so the map of -f is not minus the map of f. The paper's map holds each
    token's own place once; it is taken off, as it says nothing.
    """

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = (
        "Chefer, Gur & Wolf 2021, Generic attention-model explainability for interpreting bi-modal and encoder-decoder "
        "transformers, ICCV, eq. 5 and 6"
    )
    summary: ClassVar[str] = (
        "R + E R from layer to layer, R = I at first, E the mean over heads of max(weights times gradient, 0)."
    )
    tags: ClassVar[MethodTags] = _tags("forward + backward", targeted=True)
    note: ClassVar[str] = "only what raises the score: evidence against is not shown"

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Tensor:
        """Map (N, 1, D, H, W), not negative. Raises Unsupported where the network shows no attention."""

        def work(rows: Tensor) -> Tensor:
            seen = attended(model, leaf(model, inputs[rows]), rows_of(target, rows, inputs))
            slopes = torch.autograd.grad(seen.score.sum(), seen.weights, allow_unused=True, materialize_grads=True)
            parts = zip(seen.weights, slopes, strict=True)
            layers = [(weight.detach() * slope).clamp(min=0).mean(1) for weight, slope in parts]
            return seen.laid_out(_accumulated(layers), inputs)

        with differentiable(model):
            return in_chunks(inputs, work).detach().contiguous()


def _rolled_out(layers: list[Tensor]) -> Tensor:
    flow = unmixed(layers[0])
    for layer in layers:
        flow = (layer + unmixed(layer)) / 2 @ flow
    return flow


def _accumulated(layers: list[Tensor]) -> Tensor:
    """R + E R over layers, less the identity that it starts from."""
    start = unmixed(layers[0])
    flow = start.expand_as(layers[0])
    for layer in layers:
        flow = flow + layer @ flow
    return flow - start


def _shown(model: nn.Module, inputs: Tensor, target: Target, flow: Callable[[list[Tensor]], Tensor]) -> Tensor:
    """The map of a flow (N, T, T) of layers (N, T, T), mean over heads, without gradients."""

    def work(rows: Tensor) -> Tensor:
        images = laid_out(model, inputs[rows].detach())
        seen: AttendedPass = attended(model, images, rows_of(target, rows, inputs))
        return seen.laid_out(flow([weight.mean(1) for weight in seen.weights]), inputs)

    with evaluating(model), torch.no_grad():
        return in_chunks(inputs, work).contiguous()
