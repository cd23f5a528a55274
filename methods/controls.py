"""Controls: maps that know nothing of the model. They set the floor that a method has to clear; none is ranked."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import conv3d, pad

from bench.contracts import Context, MethodTags, Target


def _control(quantity: str = "location", **tags: bool) -> MethodTags:
    return MethodTags("control", quantity, role="control", reads_model=False, cost="0", **tags)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Constant:
    """Map of ones."""

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "none: a control"
    summary: ClassVar[str] = "One everywhere: what a metric gives to a map that says nothing."
    tags: ClassVar[MethodTags] = _control(signed=False)
    note: ClassVar[str] = "a map that says nothing"

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Tensor:
        """Map (N, 1, D, H, W) of ones."""
        return torch.ones_like(inputs, memory_format=torch.contiguous_format)


@dataclass(frozen=True)
class Random:
    """White noise."""

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "none: a control"
    summary: ClassVar[str] = "Independent standard normal voxels, one draw a subject: the chance level of every metric."
    tags: ClassVar[MethodTags] = _control("sensitivity", stochastic=True)
    note: ClassVar[str] = "standard normal voxels, one draw per subject; chance"

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Tensor:
        """Map (N, 1, D, H, W) of noise from `context.generator`."""
        context = context or Context()
        rows = [torch.randn(image.shape, generator=context.generator(row)) for row, image in enumerate(inputs)]
        return torch.stack(rows).to(inputs)


@dataclass(frozen=True)
class InputMagnitude:
    """Magnitude of the image."""

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "none: a control"
    summary: ClassVar[str] = "|x|: bright voxels, whatever the model (a bar for maps that only trace anatomy)."
    tags: ClassVar[MethodTags] = _control(signed=False)
    note: ClassVar[str] = "|x|"

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Tensor:
        """Map (N, 1, D, H, W), not negative."""
        return inputs.detach().abs().contiguous()


@dataclass(frozen=True)
class Sobel:
    """Edges of the image.

    Central difference along one axis, [1, 2, 1] / 4 along the others, in intensity per voxel; the border is repeated.
    """

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "Adebayo et al. 2018, Sanity checks for saliency maps, NeurIPS (edge detector control)"
    summary: ClassVar[str] = (
        "Magnitude of the Sobel gradient over the three axes: an edge detector that never saw the model."
    )
    tags: ClassVar[MethodTags] = _control(signed=False)
    note: ClassVar[str] = "edges of the image over three axes, no model"

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Tensor:
        """Map (N, 1, D, H, W), not negative."""
        slope, smooth = inputs.new_tensor([-0.5, 0.0, 0.5]), inputs.new_tensor([0.25, 0.5, 0.25])
        kernels = [torch.einsum("i,j,k->ijk", *(slope if a == axis else smooth for a in range(3))) for axis in range(3)]
        with torch.no_grad():
            volumes = pad(inputs.detach(), (1,) * 6, mode="replicate")
            slopes = [conv3d(volume[None], torch.stack(kernels)[:, None]) for volume in volumes]
            return torch.cat(slopes).square().sum(1, keepdim=True).sqrt().contiguous()
