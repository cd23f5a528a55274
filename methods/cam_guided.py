"""Guided Grad-CAM: the detail of guided backprop where Grad-CAM looks."""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn

from bench.contracts import Context, MethodTags, Target
from methods._shared.features import LAST
from methods.cam import GradCAM
from methods.guided import GuidedBackprop


@dataclass(frozen=True)
class GuidedGradCAM:
    """Guided Grad-CAM: the product of the two maps.

    Both factors grow with the score, so the map of 3 f is nine times the map of f.
    """

    layer: str = LAST

    version: ClassVar[str] = "2"
    reference: ClassVar[str] = "Selvaraju et al. 2017, Grad-CAM, ICCV, section 3.2"
    summary: ClassVar[str] = (
        "Guided backprop times the positive part of Grad-CAM, upsampled trilinearly; layer as in Grad-CAM."
    )
    tags: ClassVar[MethodTags] = MethodTags(
        "guided",
        "location",
        needs=frozenset({"layer"}),
        laws=frozenset({"shift", "implementation", "refusal"}),
        cost="2 * (forward + backward)",
    )
    note: ClassVar[str] = "guided backprop times the positive part of Grad-CAM"

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Tensor:
        """Map (N, 1, D, H, W). Raises Unsupported without feature maps or at an operation without a rule."""
        where = GradCAM(self.layer, relu=True)(model, inputs, target, context)
        return where * GuidedBackprop()(model, inputs, target, context)
