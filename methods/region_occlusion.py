"""Region occlusion: how the score falls when a whole anatomical region is covered."""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import torch
from torch import Tensor, nn

from bench.contracts import Context, Count, MethodTags, Target, bounded
from bench.passes import region_edits, row_of
from methods._shared.fills import Covering, Fill, tags_of_fill
from methods._shared.players import painted, regions_of, shown_labels

_TAGS = MethodTags(
    "perturbation",
    "location",
    laws=frozenset({"scale", "sign", "shift", "implementation"}),
    cost="(1 + blocks**3) * forward",
)


@bounded
@dataclass(frozen=True)
class RegionOcclusion(Covering):
    """Occlusion of whole regions.

    Voxels of no region have zero. fill: `zero`, `mean`, `blur`, `noise` or a number. blocks: where no regions are
    known, the image is cut into that many parts an axis. One pass a region, whatever `blocks` says.
    """

    fill: Fill = "zero"
    blocks: Count = 2

    version: ClassVar[str] = "2"
    reference: ClassVar[str] = "Zeiler and Fergus 2014, ECCV; with atlas regions as the occluded parts"
    summary: ClassVar[str] = (
        "f(x) - f(x with a region covered), spread evenly over the region: the map summed over a region is its value."
    )
    note: ClassVar[str] = (
        "f(x) - f(region covered), spread over the region; regions that replace each other all look unimportant"
    )

    @cached_property
    def tags(self) -> MethodTags:
        """The fill is what it compares with."""
        return tags_of_fill(_TAGS, self.fill)

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Tensor:
        """Map (N, 1, D, H, W) in score."""
        x, context = inputs.detach(), context or Context()
        cover, labels = self.covering(x, context), regions_of(x, context, self.blocks)
        seen = shown_labels(labels, context)
        maps = []
        for row, image in enumerate(x):
            names = range(1, int(labels[row].max()) + 1)
            score, scores = region_edits(model, image, labels[row], names, cover[row], row_of(target, row, x))
            maps.append(painted(score - scores, seen[row]))
        return torch.stack(maps).to(x)
