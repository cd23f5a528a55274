"""Relevance that only supporting contributions carry on, shared out whole: biases take nothing.

Where no contribution to a unit is positive its relevance is lost. Every normalisation counts as a layer of its own.
Gates are passed as in `relevance.py`.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor, nn

from bench.contracts import Context, MethodTags, Target, bounded
from bench.passes import gradient
from methods._rules import intercepted, taken_by_the_signal
from methods._rules.first import box, relevance_of_image, squared_weights
from methods._rules.shares import over, supporting

FIRST = {"w2": squared_weights, "box": box}


def _tags(*laws: str) -> MethodTags:
    return MethodTags(
        "relevance", "location", laws=frozenset({"implementation", "refusal", *laws}), cost="forward + backward"
    )


@bounded
@dataclass(frozen=True)
class DeepTaylor:
    """Deep Taylor decomposition of the score.

    first: `w2` (shares by squared weights, whatever the image) or `box` (values between the image's lowest and
    highest). The decomposition assumes biases that are not positive; others are left out of every share, too. An image
    that is read by anything but weights (a normalisation by its own statistics, say) is refused.
    """

    first: Literal["w2", "box"] = "w2"

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = (
        "Montavon et al. 2017, Explaining nonlinear classification decisions with deep Taylor decomposition, "
        "Pattern Recognition 65:211"
    )
    summary: ClassVar[str] = "The score, shared out by z+ from layer to layer and by `first` to the voxels."
    tags: ClassVar[MethodTags] = _tags("scale")
    note: ClassVar[str] = (
        "z+ without biases, w^2 or box at the layer that reads the image; voxels at zero have relevance"
    )

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Tensor:
        """Relevance (N, 1, D, H, W) in score; no multiplier, since voxels at zero have relevance."""
        return gradient(model, inputs, target, relevance_of_image(model, FIRST[self.first], supporting))


@dataclass(frozen=True)
class ExcitationBackprop:
    """Excitation backprop: the end of a random walk down the network.

    It starts from 1 whatever the score (1 and -1 for a contrast). The paper's inputs are not negative; a negative voxel
    supports through a negative weight.
    """

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "Zhang et al. 2016, Top-down neural attention by excitation backprop, ECCV, eq. 2"
    summary: ClassVar[str] = (
        "The probability that a walk from the explained output down supporting contributions ends at a voxel."
    )
    tags: ClassVar[MethodTags] = _tags()
    note: ClassVar[str] = "starts from 1, not from the score; biases take nothing"

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Tensor:
        """Map (N, 1, D, H, W), without unit."""
        run = intercepted(model, {"affine": supporting, "gated": taken_by_the_signal})
        return (gradient(model, inputs, target, lambda x: _FromOne.apply(run(x))) * inputs.detach()).contiguous()


class _FromOne(torch.autograd.Function):
    """Outputs whose relevance, output times slope, is the slope given."""

    @staticmethod
    def forward(ctx: Any, y: Tensor) -> Tensor:
        ctx.save_for_backward(y)
        return y.view_as(y)

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor) -> Tensor:
        (y,) = ctx.saved_tensors
        return over(slopes[0], y)
