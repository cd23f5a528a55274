"""Agreement of a map's regional mass with the regions a model uses."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from bench.contracts import BadInput, BlindSpot, Context, MetricTags, Share, Subjects, Truth, Undefined, bounded
from metrics._shared.domain import same_grid
from metrics._shared.ranking import average_precision, chance_average_precision, tie_groups
from metrics._shared.sets import mass_set
from metrics._shared.similarity import rank_agreement


def region_mass(maps: Tensor, regions: Tensor, count: int) -> np.ndarray:
    """(N, R) sums of the maps (N, 1, D, H, W) over the voxels of each region.

    regions: labels like the maps, 0 outside, r for region r of 1 ... count. An empty region has mass 0.
    """
    labels = regions.detach().cpu().numpy().astype(np.int64)
    volumes = maps.detach().cpu().numpy().astype(np.float64)
    pairs = zip(labels, volumes, strict=True)
    return np.stack([np.bincount(lab.ravel(), vol.ravel(), minlength=count + 1)[1 : count + 1] for lab, vol in pairs])


def used_set(size: np.ndarray, floor: np.ndarray, share: float) -> np.ndarray:
    """(R,) bool, the smallest set of regions above their noise floor that holds `share` of the sum of use squared.

    size, floor: (R,) |use| and its noise. Squares of `use` add up like the variances they are, and a convolutional
    network responds a little to every region, so being above the noise alone would call all of them used.
    """
    return mass_set(np.where(size > floor, size, 0.0) ** 2, share)


def _fit(regions: Tensor, truth: str, maps: Tensor, context: Context) -> None:
    """Raise `BadInput` where a truth by region (N, R) is not of these subjects and regions."""
    wanted = (len(maps), len(context.region_names) or regions.shape[-1])
    if tuple(regions.shape) != wanted:
        raise BadInput(
            f"the truth '{truth}' by region has shape {tuple(regions.shape)}, not {wanted}; "
            "give one value per subject and region"
        )


@dataclass(frozen=True)
class Regions:
    """The base of region metrics: mass, |use| and floor of the regions a subject has; NaN if all are below it."""

    def map(self, maps: Tensor, truth: Truth | None, context: Context) -> Tensor:
        """Scores (N,) of maps (N, 1, D, H, W) against the region vector of the truth."""
        if truth is None or truth.regions is None:
            raise Undefined(f"{type(self).__name__} needs a truth with one value per region")
        if context.regions is None:
            raise BadInput(f"{type(self).__name__} needs `regions` in the context; give the subjects' labels")
        same_grid(context.regions, maps, "the labels of regions")
        _fit(truth.regions, truth.name, maps, context)
        size = truth.regions.detach().abs().cpu().numpy().astype(np.float64)
        floor = np.zeros_like(size) if truth.floor is None else truth.floor.detach().cpu().numpy()
        mass = region_mass(maps, context.regions, size.shape[1])
        # a region too small for this subject's grid holds no voxel that a map could mark
        present = region_mass(torch.ones_like(maps), context.regions, size.shape[1]) > 0
        rows = zip(mass, size, floor, present, strict=True)
        return torch.tensor([self._subject(m[p], s[p], f[p]) for m, s, f, p in rows], dtype=torch.float32)

    def _subject(self, mass: np.ndarray, size: np.ndarray, floor: np.ndarray) -> float:
        if not (size > floor).any() or not np.isfinite(mass).all():
            return math.nan
        return self._score(mass, size, floor)

    def _score(self, mass: np.ndarray, size: np.ndarray, floor: np.ndarray) -> float:
        raise NotImplementedError


@bounded
@dataclass(frozen=True)
class RegionAP(Regions):
    """Average precision over regions.

    The used regions are the smallest set above the noise floor that holds `share` of the summed squared use; NaN
    where that is all of them. 0 is a random order of regions, 1 a perfect one. A constant map ranks regions by volume
    and need not score 0: read it beside the constant control.
    """

    version: ClassVar[str] = "3"
    reference: ClassVar[str] = "McSherry & Najork, ECIR 2008 (ties); Bestgen, PBML 2015 (chance)"
    summary: ClassVar[str] = (
        "Average precision of finding the used regions by their mass, corrected with its exact chance."
    )
    tags: ClassVar[MetricTags] = MetricTags(
        "map",
        True,
        (-math.inf, 1.0),
        "skill",
        truths=frozenset({"use"}),
        localisation=True,
        laws=frozenset({"domain", "section"}),
    )
    question: ClassVar[str] = "Are the regions found that this model uses?"
    blind_spots: ClassVar[tuple[BlindSpot, ...]] = (
        BlindSpot("the place within a region", "test_blind_spots.py::test_regions_see_no_place_within_them"),
        BlindSpot("large regions, for a constant map", "test_regions.py::test_a_constant_map_ranks_regions_by_volume"),
    )

    share: Share = 0.9
    subjects: Subjects = None

    def _score(self, mass: np.ndarray, size: np.ndarray, floor: np.ndarray) -> float:
        used = used_set(size, floor, self.share)
        if used.all():
            return math.nan
        chance = chance_average_precision(used.size, int(used.sum()))
        return (average_precision(tie_groups(mass, used)) - chance) / (1 - chance)


@bounded
@dataclass(frozen=True)
class RegionSpearman(Regions):
    """Rank correlation over regions."""

    version: ClassVar[str] = "3"
    reference: ClassVar[str] = "Spearman, American Journal of Psychology 1904"
    summary: ClassVar[str] = "Spearman correlation of regional mass with |use| over all regions; equal masses score 0."
    tags: ClassVar[MetricTags] = MetricTags(
        "map",
        True,
        (-1.0, 1.0),
        "correlation",
        truths=frozenset({"use"}),
        localisation=True,
        laws=frozenset({"domain", "section"}),
    )
    question: ClassVar[str] = "Are the regions found that this model uses?"
    blind_spots: ClassVar[tuple[BlindSpot, ...]] = (
        BlindSpot("the place within a region", "test_blind_spots.py::test_regions_see_no_place_within_them"),
    )

    subjects: Subjects = None

    def _score(self, mass: np.ndarray, size: np.ndarray, floor: np.ndarray) -> float:
        return rank_agreement(mass, size)
