"""Occlusion by what the simulator itself would put there: the only cover that is certain to look like a brain."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from bench.contracts import Context, Count, MethodTags, Target, Undefined, bounded, impossible
from bench.passes import row_of
from methods.occlusion import Occlusion


@bounded
@dataclass(frozen=True)
class RedrawOcclusion:
    """Occlusion by redraws of the simulator.

    A draw shows in every region what the simulator gives it once its local latents (pathology, volume, texture, noise)
    are drawn anew from their marginal; the head, and voxels of no region, stay. It asks the generator, so it is shown
    as an oracle beside the methods and never ranked. A box holds parts of several regions, which change together; one
    region changed alone is the truth `use`.

    window, stride: as in occlusion. draws: at most those the context offers.
    """

    window: Count = 6
    stride: Count = 4
    draws: Count = 4

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = (
        "Zintgraf et al. 2017, Visualizing deep neural network decisions: prediction difference analysis, ICLR; "
        "with the generator in place of a learnt conditional"
    )
    summary: ClassVar[str] = (
        "f(x) - f(x with a box redrawn), the mean over draws, averaged over the boxes over a voxel."
    )
    tags: ClassVar[MethodTags] = MethodTags(
        "perturbation",
        "location",
        role="oracle",
        needs=frozenset({"redraws"}),
        reference_class="redraw",
        laws=frozenset({"scale", "sign", "shift", "implementation"}),
        cost="draws * (1 + boxes(D) * boxes(H) * boxes(W)) * forward",
    )
    note: ClassVar[str] = (
        "boxes from the simulator's own redraws, mean of 4 draws: asks the generator, so it is shown as an "
        "oracle and never ranked"
    )

    def __post_init__(self) -> None:
        Occlusion(self.window, self.stride)

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Tensor:
        """Map (N, 1, D, H, W) in score. Raises Undefined where no simulator stands behind the images."""
        x, context = inputs.detach(), context or Context()
        boxes, maps = Occlusion(self.window, self.stride), []
        for row, image in enumerate(x):
            covers = redrawn_covers(image, context, row, self.draws)
            effects = [boxes.effects(model, image, cover, row_of(target, row, x)) for cover in covers]
            maps.append(torch.stack(effects).mean(0))
        return torch.stack(maps)

    def boxes(self, length: int) -> int:
        """Number of boxes along an axis of `length` voxels."""
        return Occlusion(self.window, self.stride).boxes(length)


def redrawn_covers(image: Tensor, context: Context, row: int, draws: int) -> Tensor:
    """The image (1, D, H, W) with all regions redrawn, one draw after the other: (draws, 1, D, H, W).

    Raises Undefined where no simulator stands behind the images and BadInput where it offers fewer draws.
    """
    if context.redraws is None or context.regions is None:
        raise Undefined("occlusion by redrawing needs a simulator behind the images, and its regions")
    offered = context.redraws(context.subject(row)).to(image).unflatten(0, (len(context.region_names), -1))
    count = offered.shape[1]
    if count < draws:
        raise impossible("RedrawOcclusion", "draws", draws, f"at most {count}, which a region is offered here")
    labels = context.regions[row].to(image.device, torch.long)
    choices = torch.cat([image.expand(1, draws, *image.shape), offered[:, :draws]])
    return choices.gather(0, labels.expand(1, draws, *image.shape))[0]
