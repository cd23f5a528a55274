"""RISE: the mean of random masks, weighted by the score of the image seen through them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import product
from typing import Annotated, ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from bench.contracts import Context, Count, MethodTags, Multiple, Part, Target, bounded
from bench.passes import mask_edits, row_of
from methods._shared.fills import Covering, Fill, tags_of_fill

FLIPS = [[axis + 1 for axis in range(3) if choice[axis]] for choice in product((False, True), repeat=3)]


class Masks(Sequence[Tensor]):
    """Masks (1, D, H, W) of one image, made when asked for; 1 hides. Every mask comes with its mirror images.

    Grids of cells + 1 per axis are open with probability `open`, enlarged (trilinear) and shifted by a part of a cell.
    """

    def __init__(self, count: int, cells: int, chance: float, shape: torch.Size, generator: torch.Generator):
        drawn = count // len(FLIPS)
        self.shape, self.cell = shape, [-(-length // cells) for length in shape]
        self.grids = (torch.rand(drawn, cells + 1, cells + 1, cells + 1, generator=generator) < chance).float()
        shifts = [torch.randint(size, (drawn,), generator=generator) for size in self.cell]
        self.shifts = torch.stack(shifts, 1).tolist()
        self._upright = lru_cache(1)(self._mask)

    def __len__(self) -> int:
        return len(self.grids) * len(FLIPS)

    def __getitem__(self, number: int) -> Tensor:  # type: ignore[override]  # no slices
        grid, flip = divmod(number, len(FLIPS))
        return self._upright(grid).flip(FLIPS[flip])

    def _mask(self, grid: int) -> Tensor:
        size = [cell * length for cell, length in zip(self.cell, self.grids.shape[1:], strict=True)]
        large = interpolate(self.grids[grid][None, None], size, mode="trilinear", align_corners=False)[0]
        d, h, w = (slice(s, s + length) for s, length in zip(self.shifts[grid], self.shape, strict=True))
        return 1 - large[:, d, h, w]


_TAGS = MethodTags(
    "perturbation",
    "location",
    stochastic=True,
    laws=frozenset({"scale", "sign", "shift", "implementation"}),
    cost="(1 + masks) * forward",
)


@bounded
@dataclass(frozen=True)
class RISE(Covering):
    """RISE: random masks weighted by the score.

    Weights are divided by what the masks drawn really show of the voxel, so that borders are not favoured; the mean
    score is taken off because it says nothing of place and would stand in the map as a constant. Masks are drawn with
    all their mirror images, so that no side is favoured. masks: passes, a multiple of 8. cells: of the coarse grid, an
    axis. chance: that a cell is seen. fill: what hidden voxels show: `zero`, `mean`, `blur`, `noise` or a number.
    """

    masks: Annotated[int, Multiple(8)] = 512
    cells: Count = 7
    chance: Part = 0.5
    fill: Fill = "zero"

    version: ClassVar[str] = "2"
    reference: ClassVar[str] = "Petsiuk, Das and Saenko 2018, RISE, BMVC, eq. 6 and section 3.2"
    summary: ClassVar[str] = (
        "For every voxel: the mean score over masks, weighted by how much they show it, less the mean over all masks."
    )
    note: ClassVar[str] = (
        "512 random soft masks, mirrored; noise falls as one over the root of their number; mean score taken off"
    )

    @cached_property
    def tags(self) -> MethodTags:
        """The fill is what it compares with."""
        return tags_of_fill(_TAGS, self.fill)

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Tensor:
        """Map (N, 1, D, H, W) in score."""
        x, context = inputs.detach(), context or Context()
        cover = self.covering(x, context)
        maps = []
        for row, image in enumerate(x):
            masks = Masks(self.masks, self.cells, self.chance, image.shape[1:], context.generator(row))
            _, scores = mask_edits(model, image, masks, cover[row], row_of(target, row, x))
            maps.append(_weighted(masks, (scores - scores.mean()).tolist()))
        return torch.stack(maps).to(x)


def _weighted(masks: Masks, scores: list[float]) -> Tensor:
    """Mean (1, D, H, W) of scores over masks by what each shows; 0 where no mask shows anything."""
    total, seen = torch.zeros(2, 1, *masks.shape, dtype=torch.float64)
    for number, score in enumerate(scores):
        visible = 1 - masks[number]
        total += score * visible
        seen += visible
    return total / seen.where(seen > 0, 1.0)
