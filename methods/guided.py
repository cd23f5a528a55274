"""Gradients with another backward pass at the ReLUs.

All else passes on its derivative: norms, too. An activation whose units are never off, such as GELU, is refused, since
which units are active is what these methods ask.
"""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn

from bench.contracts import Context, MethodTags, Target
from bench.passes import gradient
from methods._rules import deconv, derived, guided, intercepted

# No sign law: what is positive for f is negative for -f, and only the positive is passed back.
_LAWS = frozenset({"linear", "scale", "shift", "implementation", "refusal"})


@dataclass(frozen=True)
class GuidedBackprop:
    """Guided backpropagation."""

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = (
        "Springenberg et al. 2015, Striving for simplicity: the all convolutional net, ICLR workshop"
    )
    summary: ClassVar[str] = (
        "The gradient that passes, at every ReLU, only what is positive through units that are active."
    )
    tags: ClassVar[MethodTags] = MethodTags("guided", "sensitivity", laws=_LAWS, cost="forward + backward")
    note: ClassVar[str] = "follows only positive slopes: -f does not give minus the map"

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Tensor:
        """Map (N, 1, D, H, W). Raises Unsupported at an operation without a rule."""
        return gradient(model, inputs, target, intercepted(model, {"relu": guided, "norm": derived}))


@dataclass(frozen=True)
class DeconvNet:
    """DeconvNet: the backward pass of a deconvolutional network.

    It starts from the explained score, and at max pooling follows the switches of the forward pass.
    """

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "Zeiler and Fergus 2014, Visualizing and understanding convolutional networks, ECCV"
    summary: ClassVar[str] = (
        "The gradient that passes, at every ReLU, only what is positive, whether the unit is active or not."
    )
    tags: ClassVar[MethodTags] = MethodTags("guided", "sensitivity", laws=_LAWS, cost="forward + backward")
    note: ClassVar[str] = "only positive slopes, through inactive units too, so max-pooling ties break it to one side"

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Tensor:
        """Map (N, 1, D, H, W). Raises Unsupported at an operation without a rule."""
        return gradient(model, inputs, target, intercepted(model, {"relu": deconv, "norm": derived}))
