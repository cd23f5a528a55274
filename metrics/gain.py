"""Discounted gain: how early a ranking of regions gathers what a model uses."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from bench.contracts import BlindSpot, MetricTags, Subjects, bounded
from bench.contracts.uses import Calls
from metrics._shared.ranking import tie_groups
from metrics.regions import TAGS, Regions


@bounded
@dataclass(frozen=True)
class RegionNDCG(Regions):
    """Discounted gain of the ranking of regions.

    The gain of a region is its |use| where it is clearly used and 0 where clearly not, others are left out, and place k
    is discounted by 1/log2(k + 1).
    Unlike average precision it asks for the most used region first. Ties count in expected value; chance is that of a
    random order of regions, so a constant map, which ranks by volume, need not score 0. Undefined where all gains are
    equal.
    """

    version: ClassVar[str] = "3"
    reference: ClassVar[str] = "Järvelin & Kekäläinen, ACM TOIS 2002; McSherry & Najork, ECIR 2008 (ties)"
    summary: ClassVar[str] = (
        "Normalised discounted cumulative gain of regions ranked by mass, corrected for chance: 0 random, 1 perfect."
    )
    tags: ClassVar[MetricTags] = TAGS
    question: ClassVar[str] = "Are the regions found that this model uses?"
    blind_spots: ClassVar[tuple[BlindSpot, ...]] = (
        BlindSpot("the place within a region", "test_blind_spots.py::test_regions_see_no_place_within_them"),
    )

    subjects: Subjects = None

    def _score(self, mass: np.ndarray, value: np.ndarray, calls: Calls) -> float:
        clear = calls.used | calls.unused
        gains = np.where(calls.used, np.abs(value), 0.0)[clear]
        if gains.min() == gains.max():
            return math.nan
        best, chance = discounted_gain(gains, gains), discounted_gain(np.zeros(gains.size), gains)
        return (discounted_gain(np.abs(mass[clear]), gains) - chance) / (best - chance)


def discounted_gain(scores: np.ndarray, gains: np.ndarray) -> float:
    """Expected sum of gain / log2(place + 1) of items (n,) by falling score, over orders of tied items."""
    groups = tie_groups(scores, np.ones(scores.size, dtype=bool))
    discount = np.append(0.0, np.cumsum(1 / np.log2(np.arange(2, scores.size + 2))))
    first = groups.hits_before.astype(np.int64)
    last = first + groups.hits.astype(np.int64)
    held = np.append(0.0, np.cumsum(gains[np.argsort(scores)[::-1]]))
    return float(((held[last] - held[first]) * (discount[last] - discount[first]) / groups.hits).sum())
