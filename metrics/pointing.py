"""The pointing game: the largest value of a map on the truth, or near it."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.spatial import cKDTree

from bench.contracts import BlindSpot, MetricTags, NonNegative, Share, Subjects, bounded
from bench.contracts.sets import mass_set
from metrics._shared.placed import Placed, Space


@bounded
@dataclass(frozen=True)
class Pointing(Placed):
    """Pointing game with a tolerance in millimetres.

    Chance is the share of the domain that lies so near, so a random place scores 0 in expectation. Tied largest values
    count in expected value: a constant map scores exactly 0. Undefined where the whole domain is that near.
    Distances are between centres of voxels; q as in the overlap metrics.
    """

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "Zhang et al., Top-down neural attention by excitation backprop, IJCV 2018"
    summary: ClassVar[str] = (
        "1 if the largest value of the map lies within `tolerance_mm` of a voxel of B_q, corrected for chance."
    )
    tags: ClassVar[MetricTags] = MetricTags(
        "map", True, (-math.inf, 1.0), "skill", chance=0.0, truths=frozenset({"counterfactual", "planted"}), sets=True
    )
    question: ClassVar[str] = "Is the peak at the lesion?"
    blind_spots: ClassVar[tuple[BlindSpot, ...]] = (
        BlindSpot("one voxel decides", "test_blind_spots.py::test_pointing_sees_one_voxel_only"),
    )

    q: Share = 0.9
    tolerance_mm: NonNegative = 5.0
    subjects: Subjects = None

    def _subject(self, values: np.ndarray, size: np.ndarray, space: Space) -> float:
        positives = mass_set(size, self.q)
        if not positives.any() or not np.isfinite(values).all():
            return math.nan
        where = space.millimetres
        # a relative margin, so that a tolerance of one voxel does not depend on rounding of the affine
        near = cKDTree(where[positives]).query(where)[0] <= self.tolerance_mm * (1 + 1e-9)
        chance = near.mean()
        hit = near[values == values.max()].mean()
        return float((hit - chance) / (1 - chance)) if chance < 1 else math.nan
