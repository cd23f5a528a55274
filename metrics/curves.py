"""Curves of the score while voxels are erased, or brought back, in the order of a map."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from bench.contracts import Attribution, BlindSpot, Context, Count, MetricTags, Outputs, Share, Subjects, bounded
from metrics._shared.domain import domain_of
from metrics._shared.fills import Erasure, Plausible, replacement
from metrics._shared.noise import stream

#: a mean |f(x) - f(b)| below this share of the largest change on the way is float32 rounding
_ROUNDING = 1e-5

_TIES = BlindSpot(
    "the random order of ties, which no method chose",
    "test_blind_spots_edits.py::test_ties_are_erased_in_an_order_that_no_method_chose",
)
#: fill -> what is not seen under it
_SPOTS = {
    "redraw": BlindSpot(
        "voxels of no region are never erased",
        "test_blind_spots_edits.py::test_voxels_of_no_region_are_never_erased",
    ),
    "twin": BlindSpot(
        "what the model reads where the twins are equal is never asked",
        "test_blind_spots_edits.py::test_what_the_model_reads_where_twins_are_equal_is_never_asked",
    ),
}


@dataclass
class _Ordered:
    """I erases the foremost blocks of one map, the voxels behind them, or (last draw) the whole domain.

    No other map can use its outputs, so it is not hashable and they are not kept.
    values: |map| (D, H, W). shares: share of the blocks that is foremost at each step. keep: erase what is behind.
    """

    name: ClassVar[str] = "ordered"

    values: np.ndarray
    shares: tuple[float, ...]
    keep: bool
    block: int
    fill: Erasure | Plausible

    @property
    def count(self) -> int:
        """Steps and the whole domain."""
        return len(self.shares) + 1

    def draw(self, inputs: Tensor, context: Context, row: int) -> Tensor:
        """Perturbations (count, 1, D, H, W) of the subject in this row of inputs (N, 1, D, H, W)."""
        image, inside = inputs[row], domain_of(context, inputs)[row]
        place = self._places(inside[0].cpu().numpy(), stream(context, row, self.name))
        foremost = torch.from_numpy(np.stack([place < round(s * (place.max() + 1)) for s in self.shares]))
        erased = torch.ones((self.count, len(place)), dtype=torch.bool)
        erased[:-1] = ~foremost if self.keep else foremost
        moved = torch.zeros((self.count, *image.shape), dtype=image.dtype, device=image.device)
        moved[:, inside] = (image - replacement(inputs, context, row, self.fill))[inside] * erased.to(image.device)
        return moved

    def _places(self, inside: np.ndarray, source: torch.Generator) -> np.ndarray:
        """(n,) place 0, 1, ... of each voxel's block by falling mean |map|; ties in the random order of the source."""
        cells = np.argwhere(inside) // self.block
        _, label = np.unique(np.ravel_multi_index(tuple(cells.T), inside.shape), return_inverse=True)
        size = np.bincount(label)
        mean = np.bincount(label, self.values[inside].astype(np.float64)) / size
        order = np.lexsort((torch.rand(len(size), generator=source).numpy(), -mean))
        place = np.empty(len(size), dtype=np.int64)
        place[order] = np.arange(len(size))
        return place[label]


@dataclass(frozen=True)
class _Curve(ABC):
    """The base of the curves: blocks of `block` voxels per side, `steps` equal steps up to the share `reach` of them.

    A value is in units of the mean over subjects of |f(x) - f(b)|, b the image with the whole domain erased, and is
    signed so that moving from f(x) towards f(b) counts as erasing evidence. Its mean is a ratio of sums, which a
    subject whose score hardly depends on the domain cannot blow up; a single value is no ratio.
    """

    version: ClassVar[str] = "2"
    question: ClassVar[str] = "Does the score go with the foremost voxels?"
    keep: ClassVar[bool] = False

    block: Count = 1
    steps: Count = 10
    reach: Share = 1.0
    fill: Erasure = "mean"
    subjects: Subjects = 8

    @property
    def blind_spots(self) -> tuple[BlindSpot, ...]:
        """The one of the fill, or of every order."""
        return (_SPOTS.get(self.fill, _TIES),)

    def model(
        self, attributions: Mapping[str, Attribution], quantities: Mapping[str, str], outputs: Outputs, context: Context
    ) -> dict[str, Tensor]:
        """(N,) values per method; NaN where f(x) and f(b) are one to rounding or a map is not finite."""
        return {name: self._values(attribution.map, outputs) for name, attribution in attributions.items()}

    def _values(self, maps: Tensor, outputs: Outputs) -> Tensor:
        shares = tuple(self.reach * (k + 1) / self.steps for k in range(self.steps))
        sizes = maps.detach().abs()[:, 0].cpu().numpy()
        # Any: the protocol of perturbations asks for a count that can be set, and here it follows from the shares
        orders: list[Any] = [_Ordered(size, shares, self.keep, self.block, self.fill) for size in sizes]
        changes = torch.stack([outputs(order, row)[1].double().cpu() for row, order in enumerate(orders)])
        toward = changes[:, :-1] * changes[:, -1:].sign()
        whole = changes[:, -1].abs()
        values = self._area(toward, whole) / whole.mean()
        finite = torch.tensor([bool(np.isfinite(size).all()) for size in sizes])
        return values.where(finite & (whole.mean() > _ROUNDING * changes.abs().max()), torch.nan).float()

    @abstractmethod
    def _area(self, toward: Tensor, whole: Tensor) -> Tensor:
        """(N,) from changes toward f(b) at each step (N, steps) and |f(x) - f(b)| (N,)."""


@bounded
@dataclass(frozen=True)
class Deletion(_Curve):
    """Deletion curve of the score."""

    reference: ClassVar[str] = "Petsiuk, Das & Saenko, RISE, BMVC 2018"
    summary: ClassVar[str] = (
        "Area under what is left of f(x) - f(b) while the foremost voxels are erased; low where they carry the score."
    )
    tags: ClassVar[MetricTags] = MetricTags("model", False, (-np.inf, np.inf), "share of f(x) - f(b)")

    def _area(self, toward: Tensor, whole: Tensor) -> Tensor:
        left = torch.cat([whole[:, None], whole[:, None] - toward], dim=1)
        return torch.trapezoid(left, dim=1) / self.steps


@bounded
@dataclass(frozen=True)
class Insertion(_Curve):
    """Insertion curve of the score."""

    reference: ClassVar[str] = "Petsiuk, Das & Saenko, RISE, BMVC 2018"
    summary: ClassVar[str] = (
        "Area under f - f(b) while the foremost voxels are brought back to b; high where they carry the score."
    )
    tags: ClassVar[MetricTags] = MetricTags("model", True, (-np.inf, np.inf), "share of f(x) - f(b)")
    keep: ClassVar[bool] = True

    def _area(self, toward: Tensor, whole: Tensor) -> Tensor:
        gained = torch.cat([torch.zeros_like(whole)[:, None], whole[:, None] - toward], dim=1)
        return torch.trapezoid(gained, dim=1) / self.steps


@bounded
@dataclass(frozen=True)
class Selectivity(_Curve):
    """Selectivity of blocks: the early drop of the score."""

    reference: ClassVar[str] = "Samek et al., Evaluating the visualization of what a network has learned, TNNLS 2017"
    summary: ClassVar[str] = (
        "Mean fall of the score over the first steps of erasing blocks, the unerased image counted as one of them."
    )
    tags: ClassVar[MetricTags] = MetricTags("model", True, (-np.inf, np.inf), "share of f(x) - f(b)")

    def _area(self, toward: Tensor, whole: Tensor) -> Tensor:
        return toward.sum(dim=1) / (self.steps + 1)
