"""Overlap of a map with the voxels that carry a truth, inside the domain.

All four rank or weigh the viewed map as it comes and score it against B_q, the smallest set that holds the share q of
the truth. A subject whose truth is empty, fills the domain, or whose map is not finite there is NaN (undefined).
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from bench.contracts import BlindSpot, Context, MetricTags, Part, Share, Subjects, Truth, bounded
from bench.contracts.sets import mass_set
from metrics._shared.calibration import calibrated_average_precision, chance_calibrated
from metrics._shared.domain import domain_of, volume_of
from metrics._shared.ranking import average_precision, chance_average_precision, roc_auc, tie_groups

_TRUTHS = frozenset({"counterfactual", "edit", "planted"})


@dataclass(frozen=True)
class Overlap(ABC):
    """The base of the overlap metrics: B_q as positives, one score per subject.

    q: share of the truth's total magnitude that the positives hold, in (0, 1].
    """

    q: Share = 0.9
    subjects: Subjects = None

    def map(self, maps: Tensor, truth: Truth | None, context: Context) -> Tensor:
        """Scores (N,) of maps (N, 1, D, H, W) against the volume of the truth."""
        parts = (maps, volume_of(truth, maps, context, self), domain_of(context, maps))
        rows = zip(*(part.detach().cpu().numpy() for part in parts), strict=True)
        return torch.tensor([self._subject(m[inside], t[inside]) for m, t, inside in rows], dtype=torch.float32)

    def _subject(self, scores: np.ndarray, truth: np.ndarray) -> float:
        positives = mass_set(np.abs(truth), self.q)
        if not positives.any() or positives.all() or not np.isfinite(scores).all():
            return math.nan
        return self._score(scores, positives)

    @abstractmethod
    def _score(self, scores: np.ndarray, positives: np.ndarray) -> float:
        """The score of one subject from |map| (n,) and the voxels (n,) bool of its truth."""


@bounded
@dataclass(frozen=True)
class CalibratedAP(Overlap):
    """Average precision at a fixed prevalence.

    Plain AP of equally good maps grows with the size of the lesion; at a fixed prevalence it does not. Ties count in
    expected value, so a constant map scores 0 exactly.
    """

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "Siblini et al., Master your metrics with calibration, IDA 2020"
    summary: ClassVar[str] = (
        "Average precision at the prevalence `prior`, corrected for chance: 0 a random map, 1 a perfect one."
    )
    tags: ClassVar[MetricTags] = MetricTags(
        "map", True, (-math.inf, 1.0), "skill", chance=0.0, truths=_TRUTHS, localisation=True, sets=True
    )
    question: ClassVar[str] = "Are the planted voxels ranked first?"
    blind_spots: ClassVar[tuple[BlindSpot, ...]] = (
        BlindSpot(
            "any growing function of the map scores the same",
            "test_blind_spots.py::test_rankings_of_voxels_see_no_sizes",
        ),
        BlindSpot(
            "a bright lesion, for maps multiplied by the input, without any training",
            "test_blind_spots.py::test_bright_lesions_reward_maps_multiplied_by_the_input_of_an_untrained_network",
        ),
    )

    prior: Part = 0.1

    def _score(self, scores: np.ndarray, positives: np.ndarray) -> float:
        chance = chance_calibrated(positives.size, int(positives.sum()), self.prior)
        return (calibrated_average_precision(tie_groups(scores, positives), self.prior) - chance) / (1 - chance)


@bounded
@dataclass(frozen=True)
class AveragePrecision(Overlap):
    """Chance-corrected average precision."""

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "McSherry & Najork, ECIR 2008 (ties); Bestgen, PBML 2015 (chance)"
    summary: ClassVar[str] = "Average precision corrected with its exact chance: 0 a random map, 1 a perfect one."
    tags: ClassVar[MetricTags] = MetricTags(
        "map", True, (-math.inf, 1.0), "skill", chance=0.0, truths=_TRUTHS, localisation=True, sets=True
    )
    question: ClassVar[str] = "Are the planted voxels ranked first?"
    blind_spots: ClassVar[tuple[BlindSpot, ...]] = (
        BlindSpot(
            "any growing function of the map scores the same",
            "test_blind_spots.py::test_rankings_of_voxels_see_no_sizes",
        ),
        BlindSpot(
            "lesion size, at equal map quality",
            "test_calibration.py::test_equal_map_quality_scores_alike_at_every_prevalence_where_plain_ap_does_not",
        ),
    )

    def _score(self, scores: np.ndarray, positives: np.ndarray) -> float:
        chance = chance_average_precision(positives.size, int(positives.sum()))
        return (average_precision(tie_groups(scores, positives)) - chance) / (1 - chance)


@bounded
@dataclass(frozen=True)
class RocAuc(Overlap):
    """ROC AUC over voxels."""

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "Fawcett, An introduction to ROC analysis, Pattern Recognition Letters 2006"
    summary: ClassVar[str] = "Area under the ROC curve; chance is 0.5."
    tags: ClassVar[MetricTags] = MetricTags(
        "map",
        True,
        (0.0, 1.0),
        "area",
        chance=0.5,
        truths=_TRUTHS,
        localisation=True,
        sets=True,
        laws=frozenset({"domain", "section"}),
    )
    question: ClassVar[str] = "Does a planted voxel outrank another?"
    blind_spots: ClassVar[tuple[BlindSpot, ...]] = (
        BlindSpot("easy background", "test_blind_spots.py::test_easy_background_flatters_roc_auc"),
    )

    def _score(self, scores: np.ndarray, positives: np.ndarray) -> float:
        return roc_auc(tie_groups(scores, positives))


@bounded
@dataclass(frozen=True)
class RelevanceMass(Overlap):
    """Relevance mass on the truth.

    Its chance is the prevalence of B_q in the domain, which differs between subjects: read it beside the controls.
    A map of zeros weighs every voxel alike and scores the prevalence.
    """

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "Arras et al., CLEVR-XAI, Information Fusion 2022"
    summary: ClassVar[str] = "Share of the map's absolute mass that lies inside B_q."
    tags: ClassVar[MetricTags] = MetricTags(
        "map", True, (0.0, 1.0), "share", truths=_TRUTHS, sets=True, laws=frozenset({"domain", "section"})
    )
    question: ClassVar[str] = "Which part of the mass lies on planted voxels?"
    blind_spots: ClassVar[tuple[BlindSpot, ...]] = (
        BlindSpot(
            "one voxel is perfect and beats the truth",
            "test_blind_spots.py::test_one_true_voxel_is_a_perfect_mass_and_beats_the_truth",
        ),
    )

    def _score(self, scores: np.ndarray, positives: np.ndarray) -> float:
        mass = np.abs(scores.astype(np.float64))
        total = mass.sum()
        return float(mass[positives].sum() / total) if total > 0 else float(positives.mean())
