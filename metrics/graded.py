"""Correlation of a map with a graded truth over the voxels of the domain."""

import math
from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from bench.contracts import BlindSpot, MetricTags, Share, Subjects, bounded
from bench.contracts.sets import mass_set
from metrics._shared.placed import Placed, Space
from metrics._shared.similarity import rank_agreement


@dataclass(frozen=True)
class _Graded(Placed):
    """The base of both correlations: |map| against |truth|, the latter 0 outside B_q.

    q: share of the truth's magnitude that counts; below it lie traces of resampling, which would fill the ranks.
    """

    tags: ClassVar[MetricTags] = MetricTags(
        "map",
        True,
        (-1.0, 1.0),
        "correlation",
        chance=0.0,
        truths=frozenset({"counterfactual", "planted"}),
        localisation=True,
        laws=frozenset({"domain", "section"}),
    )

    q: Share = 0.99
    subjects: Subjects = None

    def _subject(self, values: np.ndarray, size: np.ndarray, space: Space) -> float:
        if not size.any():
            return math.nan
        observed = np.where(mass_set(size, self.q), size.astype(np.float64), 0.0)
        return self._agreement(np.abs(values.astype(np.float64)), observed)

    @abstractmethod
    def _agreement(self, prediction: np.ndarray, observed: np.ndarray) -> float:
        """How the size of a map (n,) goes with that of the truth (n,), both float64."""


@bounded
@dataclass(frozen=True)
class VoxelPearson(_Graded):
    """Pearson correlation over voxels."""

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "Pearson, Proceedings of the Royal Society 1895"
    summary: ClassVar[str] = (
        "Pearson correlation of |map| with |truth| over voxels; a constant map scores 0, a constant truth is undefined."
    )
    question: ClassVar[str] = "Does the map follow the strength of the change?"
    blind_spots: ClassVar[tuple[BlindSpot, ...]] = (
        BlindSpot("the wrong sign", "test_blind_spots.py::test_correlations_see_no_sign"),
    )

    def _agreement(self, prediction: np.ndarray, observed: np.ndarray) -> float:
        if observed.min() == observed.max() or not np.isfinite(prediction).all():
            return math.nan
        if prediction.min() == prediction.max():
            return 0.0
        a, b = prediction - prediction.mean(), observed - observed.mean()
        return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


@bounded
@dataclass(frozen=True)
class VoxelSpearman(_Graded):
    """Rank correlation over voxels.

    Most voxels of a focal truth tie at 0, so a map that orders them all cannot reach 1.
    """

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "Spearman, American Journal of Psychology 1904"
    summary: ClassVar[str] = (
        "Spearman correlation of |map| with |truth| over voxels, mean ranks for ties; a constant map scores 0."
    )
    question: ClassVar[str] = "Does the map follow the strength of the change?"
    blind_spots: ClassVar[tuple[BlindSpot, ...]] = (
        BlindSpot("the wrong sign", "test_blind_spots.py::test_correlations_see_no_sign"),
    )

    def _agreement(self, prediction: np.ndarray, observed: np.ndarray) -> float:
        return rank_agreement(prediction, observed)
