"""Agreement of a map's regional mass with the regions a model uses in a subject."""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from bench.contracts import BadInput, BlindSpot, Context, MetricTags, Subjects, Truth, Undefined, bounded
from bench.contracts.uses import Calls, called
from metrics._shared.domain import domain_of, same_grid
from metrics._shared.ranking import average_precision, chance_average_precision, tie_groups
from metrics._shared.similarity import rank_agreement

_WITHIN = BlindSpot("the place within a region", "test_blind_spots.py::test_regions_see_no_place_within_them")

TAGS = MetricTags(
    "map",
    True,
    (-math.inf, 1.0),
    "skill",
    truths=frozenset({"use"}),
    localisation=True,
    regional=True,
    laws=frozenset({"domain", "section"}),
    missing="the model clearly uses no region of this subject, or every one",
)


def region_mass(maps: Tensor, regions: Tensor, count: int) -> np.ndarray:
    """(N, R) sums of the maps (N, 1, D, H, W) over the voxels of each region.

    regions: labels like the maps, 0 outside, r for region r of 1 ... count. An empty region has mass 0.
    """
    labels = regions.detach().cpu().numpy().astype(np.int64)
    volumes = maps.detach().cpu().numpy().astype(np.float64)
    pairs = zip(labels, volumes, strict=True)
    return np.stack([np.bincount(lab.ravel(), vol.ravel(), minlength=count + 1)[1 : count + 1] for lab, vol in pairs])


def region_means(volumes: Tensor, labels: Tensor, count: int) -> np.ndarray:
    """(N, R) means of volumes (N, 1, D, H, W) in each region, NaN where it has no voxel."""
    voxels = region_mass(torch.ones_like(volumes), labels, count)
    return region_mass(volumes, labels, count) / np.where(voxels > 0, voxels, math.nan)


def labels_within(regions: Tensor, maps: Tensor, context: Context) -> Tensor:
    """Labels (N, 1, D, H, W) of maps of that shape, 0 outside the domain: voxels that hold little brain may have one.

    Raises:
        BadInput: where they are not shaped like the maps.
    """
    same_grid(regions, maps, "the labels of regions")
    inside = domain_of(context, maps)
    return regions.to(inside.device) * inside


def weighed(maps: Tensor, context: Context) -> Tensor:
    """Maps (N, 1, D, H, W) whose sum over a region says what its content does to the score, with its sign.

    A contribution is that already, and of a location nothing better is known. A sensitivity is a slope: times the
    voxel's spread between other subjects it is what the voxel's variation does.
    """
    if context.quantity != "sensitivity":
        return maps
    if context.spread is None:
        raise BadInput(
            "a sensitivity by region needs `spread` in the context, which three explained subjects or more give; "
            "elsewhere give the standard deviation of the voxels of training images, once per subject"
        )
    same_grid(context.spread, maps, "the spread of voxels")
    return maps * context.spread.to(maps)


def _fit(regions: Tensor, truth: str, maps: Tensor, context: Context) -> None:
    """Raise `BadInput` where a truth by region (N, R) is not of these subjects and regions."""
    wanted = (len(maps), len(context.region_names) or regions.shape[-1])
    if tuple(regions.shape) != wanted:
        raise BadInput(
            f"the truth '{truth}' by region has shape {tuple(regions.shape)}, not {wanted}; "
            "give one value per subject and region"
        )


@dataclass(frozen=True)
class Regions(ABC):
    """The base of region metrics: mass and `use` of the regions a subject has; NaN where none is clearly used.

    Mass is the sum of a signed map over the region's voxels in the domain, so that what cancels in a region cancels, as
    it does in the model.
    """

    def map(self, maps: Tensor, truth: Truth | None, context: Context) -> Tensor:
        """Scores (N,) of signed maps (N, 1, D, H, W) against the region vector of the truth."""
        if truth is None or truth.regions is None:
            raise Undefined(f"{type(self).__name__} needs a truth with one value per region")
        if context.regions is None:
            raise BadInput(f"{type(self).__name__} needs `regions` in the context; give the subjects' labels")
        labels = labels_within(context.regions, maps, context)
        _fit(truth.regions, truth.name, maps, context)
        value = truth.regions.detach().cpu().numpy().astype(np.float64)
        floor = np.zeros_like(value) if truth.floor is None else truth.floor.detach().cpu().numpy().astype(np.float64)
        mass = region_mass(weighed(maps, context), labels, value.shape[1])
        # a region too small for this subject's grid holds no voxel that a map could mark
        present = region_mass(torch.ones_like(maps), labels, value.shape[1]) > 0
        rows = zip(mass, value, floor, present, strict=True)
        return torch.tensor([self.subject(m[p], v[p], f[p]) for m, v, f, p in rows], dtype=torch.float32)

    def subject(self, mass: np.ndarray, value: np.ndarray, floor: np.ndarray) -> float:
        """Score of one subject's masses (R,) against values (R,) that are noise up to a floor (R,)."""
        calls = called(value, floor)
        if not calls.used.any() or not np.isfinite(mass).all():
            return math.nan
        return self._score(mass, value, calls)

    @abstractmethod
    def _score(self, mass: np.ndarray, value: np.ndarray, calls: Calls) -> float:
        """The score of one subject from mass and value (R,) of its regions, and which of them are clearly used."""


@bounded
@dataclass(frozen=True)
class RegionAP(Regions):
    """Average precision over regions.

    Of the regions that this model clearly uses in this subject, or clearly does not; NaN where none is used, or all. 0
    is a random order of regions, 1 a perfect one. A constant map ranks regions by volume and need not score 0: read it
    beside the constant control.
    """

    version: ClassVar[str] = "5"
    reference: ClassVar[str] = "McSherry & Najork, ECIR 2008 (ties); Bestgen, PBML 2015 (chance)"
    summary: ClassVar[str] = (
        "Average precision of finding the used regions by the size of their mass, corrected with its exact chance."
    )
    tags: ClassVar[MetricTags] = TAGS
    question: ClassVar[str] = "Are the regions found that this model uses?"
    blind_spots: ClassVar[tuple[BlindSpot, ...]] = (
        _WITHIN,
        BlindSpot("large regions, for a constant map", "test_regions.py::test_a_constant_map_ranks_regions_by_volume"),
    )

    subjects: Subjects = None

    def _score(self, mass: np.ndarray, value: np.ndarray, calls: Calls) -> float:
        clear = calls.used | calls.unused
        used = calls.used[clear]
        if used.all():
            return math.nan
        chance = chance_average_precision(used.size, int(used.sum()))
        return (average_precision(tie_groups(np.abs(mass[clear]), used)) - chance) / (1 - chance)


@bounded
@dataclass(frozen=True)
class RegionSpearman(Regions):
    """Rank correlation over regions, clear or not: what cannot be told from noise is near nothing in both orders."""

    version: ClassVar[str] = "5"
    reference: ClassVar[str] = "Spearman, American Journal of Psychology 1904"
    summary: ClassVar[str] = (
        "Spearman correlation of the size of regional mass with |use| over all regions; equal masses score 0."
    )
    tags: ClassVar[MetricTags] = replace(TAGS, bounds=(-1.0, 1.0), unit="correlation")
    question: ClassVar[str] = "Are the regions found that this model uses?"
    blind_spots: ClassVar[tuple[BlindSpot, ...]] = (_WITHIN,)

    subjects: Subjects = None

    def _score(self, mass: np.ndarray, value: np.ndarray, calls: Calls) -> float:
        return rank_agreement(np.abs(mass), np.abs(value))


@bounded
@dataclass(frozen=True)
class SignedRegionSpearman(Regions):
    """Signed rank correlation over regions.

    A slope does not say which way a region moved the score, so sensitivities have none.
    """

    version: ClassVar[str] = "2"
    reference: ClassVar[str] = "Spearman, American Journal of Psychology 1904"
    summary: ClassVar[str] = (
        "Spearman correlation of regional mass with `use`, both signed, over all regions; equal masses score 0."
    )
    tags: ClassVar[MetricTags] = replace(
        RegionSpearman.tags, quantities=frozenset({"contribution", "location"}), localisation=False
    )
    question: ClassVar[str] = "Is it told which regions speak for and which against?"
    blind_spots: ClassVar[tuple[BlindSpot, ...]] = (_WITHIN,)

    subjects: Subjects = None

    def _score(self, mass: np.ndarray, value: np.ndarray, calls: Calls) -> float:
        return rank_agreement(mass, value)
