"""Occlusion: how the score falls when a box of the image is covered."""

from dataclasses import dataclass
from functools import cached_property
from itertools import product
from math import ceil
from typing import ClassVar

import torch
from torch import Tensor, nn

from bench.contracts import Context, Count, MethodTags, Target, bounded, impossible
from bench.passes import box_edits, row_of
from methods._shared.fills import Covering, Fill, tags_of_fill

_TAGS = MethodTags(
    "perturbation",
    "location",
    laws=frozenset({"scale", "sign", "shift", "implementation"}),
    cost="(1 + boxes(D) * boxes(H) * boxes(W)) * forward",
)


@bounded
@dataclass(frozen=True)
class Occlusion(Covering):
    """Occlusion: the drop of the score when boxes are covered.

    window, stride: edge and step of the cubic boxes in voxels. fill: `zero`, `mean` (of the subject within its
    domain), `blur` (the image under a Gaussian of half a window), `noise` (the same draw for a subject always) or a
    number. Border rule: the grid of boxes is centred on the volume, and boxes that reach out of it are cut; every voxel
    is covered. A box that already holds its fill is not run, its effect is exactly zero.
    """

    window: Count = 6
    stride: Count = 4
    fill: Fill = "zero"

    version: ClassVar[str] = "2"
    reference: ClassVar[str] = "Zeiler and Fergus 2014, Visualizing and understanding convolutional networks, ECCV"
    summary: ClassVar[str] = (
        "f(x) - f(x with a box covered), high where the box supports the score, averaged over the boxes over a voxel."
    )
    note: ClassVar[str] = "f(x) - f(covered), mean over the boxes over a voxel; the fill may itself look like pathology"

    @cached_property
    def tags(self) -> MethodTags:
        """The fill is what it compares with."""
        return tags_of_fill(_TAGS, self.fill)

    @property
    def smoothing(self) -> float:
        """Half a window."""
        return self.window / 2

    def __post_init__(self) -> None:
        if self.stride > self.window:
            raise impossible(self, "stride", self.stride, f"at most window={self.window}, so that no voxel is left out")

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Tensor:
        """Map (N, 1, D, H, W) in score."""
        x = inputs.detach()
        cover = self.covering(x, context)
        rows = [self.effects(model, image, cover[row], row_of(target, row, x)) for row, image in enumerate(x)]
        return torch.stack(rows)

    def boxes(self, length: int) -> int:
        """Number of boxes along an axis of `length` voxels."""
        return ceil(max(length - self.window, 0) / self.stride) + 1

    def _spans(self, length: int) -> list[tuple[int, int]]:
        count = self.boxes(length)
        overhang = (count - 1) * self.stride + self.window - length
        starts = [number * self.stride - overhang // 2 for number in range(count)]
        return [(max(start, 0), min(start + self.window, length)) for start in starts]

    def effects(self, model: nn.Module, image: Tensor, cover: Tensor, target: Target) -> Tensor:
        """Map (1, D, H, W) of one image with its boxes covered by another (1, D, H, W).

        Raises BadInput for boxes that are larger than the image along every axis: there is but one, and no map.
        """
        if self.window > max(image.shape[1:]):
            most = f"at most {max(image.shape[1:])}, the longest axis of the image {tuple(image.shape[1:])}"
            raise impossible(self, "window", self.window, most)
        spans = product(*(self._spans(length) for length in image.shape[1:]))
        places = [tuple(slice(*span) for span in box) for box in spans]
        boxes = torch.tensor([[[s.start for s in place], [s.stop for s in place]] for place in places])
        score, scores = box_edits(model, image, boxes, cover, target)
        effect, times = torch.zeros_like(image), torch.zeros_like(image)
        for place, drop in zip(places, (score - scores).tolist(), strict=True):
            effect[:, *place] += drop
            times[:, *place] += 1
        return effect / times
