"""Precision of a map among its largest voxels, at two sizes of that set."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.special import gammaln

from bench.contracts import BlindSpot, MetricTags, Part, bounded
from metrics._shared.ranking import TieGroups, tie_groups
from metrics.overlap import Overlap

_TRUTHS = frozenset({"counterfactual", "planted"})


@bounded
@dataclass(frozen=True)
class PrecisionAtTruth(Overlap):
    """Precision at the size of the truth.

    Before correction this is relevance rank accuracy; with as many taken as there are positives, precision and recall
    are one number. Ties count in expected value under a random order, so a constant map scores 0 exactly.
    """

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "Arras et al., CLEVR-XAI, Information Fusion 2022 (relevance rank accuracy)"
    summary: ClassVar[str] = (
        "Share of the |B_q| largest voxels that lie in B_q, corrected for chance: 0 a random map, 1 a perfect one."
    )
    tags: ClassVar[MetricTags] = MetricTags(
        "map",
        True,
        (-math.inf, 1.0),
        "skill",
        chance=0.0,
        truths=_TRUTHS,
        localisation=True,
        sets=True,
        laws=frozenset({"domain", "section"}),
    )
    question: ClassVar[str] = "Are the foremost voxels planted ones?"
    blind_spots: ClassVar[tuple[BlindSpot, ...]] = (
        BlindSpot("everything below the cut is free", "test_blind_spots.py::test_precision_sees_nothing_below_its_cut"),
    )

    def _score(self, scores: np.ndarray, positives: np.ndarray) -> float:
        prevalence = positives.mean()
        precision = expected_hits(tie_groups(scores, positives), int(positives.sum())) / positives.sum()
        return float((precision - prevalence) / (1 - prevalence))


@bounded
@dataclass(frozen=True)
class PrecisionAtSpecificity(Overlap):
    """Precision at a fixed specificity.

    With F = floor((1 - specificity) m) of the m negatives allowed, everything above the next negative counts, and
    precision is TP / (TP + F). Its best value R / (R + F) depends on the size of the truth, so the score is (precision
    - chance) / (best - chance), chance being the exact expectation of a random order. Ties count in expected value.
    Undefined where not one negative is allowed, or every one.
    """

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "Fawcett, An introduction to ROC analysis, Pattern Recognition Letters 2006"
    summary: ClassVar[str] = (
        "Precision where a share 1 - `specificity` of the negatives is taken, from 0 (random) to 1 (all of B_q before)."
    )
    tags: ClassVar[MetricTags] = MetricTags(
        "map", True, (-math.inf, 1.0), "skill", chance=0.0, truths=_TRUTHS, localisation=True, sets=True
    )
    question: ClassVar[str] = "Are the foremost voxels planted ones?"
    blind_spots: ClassVar[tuple[BlindSpot, ...]] = (
        BlindSpot("everything below the cut is free", "test_blind_spots.py::test_precision_sees_nothing_below_its_cut"),
    )

    specificity: Part = 0.99

    def _score(self, scores: np.ndarray, positives: np.ndarray) -> float:
        hits, missed = int(positives.sum()), int((~positives).sum())
        allowed = math.floor((1 - self.specificity) * missed * (1 + 1e-12))
        if allowed in (0, missed):
            return math.nan
        best, chance = hits / (hits + allowed), expected_precision(_one_group(hits, missed), allowed)
        return (expected_precision(tie_groups(scores, positives), allowed) - chance) / (best - chance)


def expected_hits(groups: TieGroups, taken: int) -> float:
    """Positives among the first `taken` items, in expectation over the order of tied items."""
    free = np.clip(taken - groups.hits_before - groups.misses_before, 0, groups.hits + groups.misses)
    return float((free * groups.hits / (groups.hits + groups.misses)).sum())


def expected_precision(groups: TieGroups, allowed: int) -> float:
    """E[TP / (TP + F)] over orders of tied items, everything above negative number F + 1 being taken; F >= 1.

    That negative is number j of the s in its tie group. h of the group's r positives lie above it with probability
    C(h + j - 1, h) C(r - h + s - j, r - h) / C(r + s, r) (negative hypergeometric).
    """
    group = int(np.searchsorted(groups.misses_before + groups.misses, allowed, side="right"))
    r, s, before = groups.hits[group], groups.misses[group], groups.hits_before[group]
    j = allowed + 1 - groups.misses_before[group]
    h = np.arange(r + 1)
    chance = np.exp(_log_choose(h + j - 1, h) + _log_choose(r - h + s - j, r - h) - _log_choose(r + s, r))
    return float((chance * (before + h) / (before + h + allowed)).sum())


def _log_choose(n: np.ndarray, k: np.ndarray) -> np.ndarray:
    return gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)


def _one_group(hits: int, misses: int) -> TieGroups:
    return TieGroups(*(np.array([value], dtype=np.float64) for value in (hits, misses, 0, 0)))
