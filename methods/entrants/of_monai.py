"""MONAI's visualisation methods, one image at a time as it asks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor, nn

from bench.contracts import Context, Count, Method, MethodTags, Target, bounded
from methods.cam import GradCAM
from methods.entrants.others import by_row, last_convolution, library
from methods.guided import GuidedBackprop
from methods.occlusion import Occlusion


class FromMonai:
    """The base of MONAI's versions."""

    version: ClassVar[str] = "1"
    package: ClassVar[str] = "monai"
    reference: ClassVar[str] = "Cardoso et al. 2022, MONAI: an open-source framework for deep learning in healthcare"

    def __post_init__(self) -> None:
        library("monai.visualize", self.package)

    @property
    def visualize(self) -> Any:
        """The library's methods."""
        return library("monai.visualize", self.package)


@dataclass(frozen=True)
class MonaiGradCAM(FromMonai):
    """Grad-CAM by MONAI."""

    summary: ClassVar[str] = (
        "`GradCAM` at the last 3D convolution; its default turns the map over, so that 0 is where most speaks for it."
    )

    tags: ClassVar[MethodTags] = MethodTags(
        "entrant",
        "location",
        needs=frozenset({"layer"}),
        laws=frozenset({"shift", "implementation"}),
        cost="2 * (forward + backward)",
    )
    flaws: ClassVar[Mapping[str, str]] = {
        "leaves_model": "gradients are left on the parameters, and hooks on the layer",
        "twin": "the map is stretched to 0..1 and turned over",
    }

    def ours(self, model: nn.Module) -> Method:
        """Our method that the library's should agree with."""
        return GradCAM(last_convolution(model))

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Tensor:
        """Map (N, 1, D, H, W); of one class in 0..1."""
        explainer = self.visualize.GradCAM(nn_module=model, target_layers=last_convolution(model))
        return by_row(model, inputs, target, lambda x, output: explainer(x=x, class_idx=_one(output)))


@dataclass(frozen=True)
class MonaiGuidedBackprop(FromMonai):
    """Guided backprop by MONAI."""

    summary: ClassVar[str] = "`GuidedBackpropGrad`."

    tags: ClassVar[MethodTags] = MethodTags(
        "entrant",
        "sensitivity",
        laws=frozenset({"linear", "scale", "shift", "implementation", "refusal"}),
        cost="2 * (forward + backward)",
    )
    flaws: ClassVar[Mapping[str, str]] = {
        "runs": "ReLUs are looked up by names that contain 'relu', and replaced while it runs"
    }

    def ours(self, model: nn.Module) -> Method:
        """Our method that the library's should agree with."""
        return GuidedBackprop()

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Tensor:
        """Map (N, 1, D, H, W)."""
        explainer = self.visualize.GuidedBackpropGrad(model)
        return by_row(model, inputs, target, lambda x, output: explainer(x.detach(), index=_one(output)))


@bounded
@dataclass(frozen=True)
class MonaiOcclusion(FromMonai):
    """Occlusion by MONAI."""

    summary: ClassVar[str] = (
        "`OcclusionSensitivity`: the class's score with a cube of `window` voxels covered, low where the cube matters."
    )

    window: Count = 6

    tags: ClassVar[MethodTags] = MethodTags(
        "entrant", "location", laws=frozenset({"scale", "shift", "implementation"}), cost="2 * forward"
    )
    flaws: ClassVar[Mapping[str, str]] = {
        "cost": "its grid of windows is laid by an overlap, and filled up to whole batches",
        "scale": "scores are covered ones, through a softmax",
        "shift": "scores are covered ones, through a softmax",
        "twin": "low where the window matters: the covered score itself, not its fall",
    }

    def ours(self, model: nn.Module) -> Method:
        """Our method that the library's should agree with."""
        return Occlusion(self.window)

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Tensor:
        """Map (N, 1, D, H, W)."""
        explainer = self.visualize.OcclusionSensitivity(model, mask_size=self.window, verbose=False)
        return by_row(model, inputs, target, lambda x, output: explainer(x.detach())[0][:, _one(output)][:, None])


def _one(output: int | Tensor) -> int:
    return int(output)
