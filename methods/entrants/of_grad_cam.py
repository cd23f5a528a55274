"""The CAM family of pytorch-grad-cam, at the last 3D convolution."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from torch import Tensor, nn

from bench.contracts import Context, Method, MethodTags, Target
from bench.passes import differentiable, explained, leaf, row_of
from methods.cam import GradCAM, LayerCAM
from methods.entrants.others import as_map, behind_torchvision, last_convolution


@dataclass(frozen=True)
class GradCamPackage:
    """Class activation map by pytorch-grad-cam."""

    cam: Literal["GradCAM", "LayerCAM", "ScoreCAM"] = "GradCAM"

    version: ClassVar[str] = "1"
    package: ClassVar[str] = "grad-cam"
    reference: ClassVar[str] = "Gildenblat 2021, PyTorch library for CAM methods"
    summary: ClassVar[str] = (
        "One of the package's classes. Its maps are cut at zero and stretched to 0..1, image by image."
    )
    tags: ClassVar[MethodTags] = MethodTags(
        "entrant",
        "location",
        signed=False,
        needs=frozenset({"layer"}),
        laws=frozenset({"shift", "implementation"}),
        cost="forward + backward",
    )
    flaws: ClassVar[Mapping[str, str]] = {
        "leaves_model": "gradients are left on the parameters",
        "twin": "every map is stretched to 0..1, and enlarged by cubic splines from corner to corner",
    }

    def __post_init__(self) -> None:
        behind_torchvision("pytorch_grad_cam", self.package)

    def ours(self, model: nn.Module) -> Method:
        """Our method that the package's should agree with."""
        layer = last_convolution(model)
        return LayerCAM(layer) if self.cam == "LayerCAM" else GradCAM(layer, relu=True)

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Tensor:
        """Map (N, 1, D, H, W) in 0..1."""
        explainer = getattr(behind_torchvision("pytorch_grad_cam", self.package), self.cam)
        layer = model.get_submodule(last_convolution(model))
        scores = [_Score(row_of(target, row, inputs)) for row in range(len(inputs))]
        with differentiable(model), explainer(model, [layer]) as cam:
            return as_map(cam(leaf(model, inputs), scores), inputs).reshape(inputs.shape)


@dataclass(frozen=True)
class GradCamPackageIn2D(GradCamPackage):
    """Two-axis class of pytorch-grad-cam."""

    summary: ClassVar[str] = "A class of the package that was written for two axes."

    cam: Literal["GradCAM", "LayerCAM", "ScoreCAM"] = "ScoreCAM"

    flaws: ClassVar[Mapping[str, str]] = {"runs": "feature maps are enlarged along two axes"}


@dataclass(frozen=True)
class _Score:
    """The explained score of one row of outputs (K,)."""

    target: int | tuple[int, int]

    def __call__(self, outputs: Tensor) -> Tensor:
        return explained(outputs[None], self.target)[0]
