"""Stability of the maps of the same subjects over models trained anew."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from bench.contracts import BlindSpot, Context, MetricTags, Models, Subjects, Truth, Undefined, bounded
from bench.contracts.uses import use_model
from metrics._shared.domain import domain_of
from metrics._shared.similarity import SPEARMAN, between_subjects, nanmean, prepared, rank_vector

Pairs = list[tuple[int, int]]
#: column -> whether two models differ in data, in initialisation, in order
CHANGES = (
    ("data", (True, False, False)),
    ("initialisation", (False, True, False)),
    ("order", (False, False, True)),
    ("model", (False, True, True)),
)


@bounded
@dataclass(frozen=True)
class RetrainingStability:
    """Stability of maps under retraining.

    Columns, each (N,): "" over all pairs; `data`, `initialisation`, `order`, pairs that differ in nothing else (a study
    that crosses initialisation and order has the latter two); `model`, pairs on the same data that differ in both;
    `floor_subjects`, maps of different subjects under one model; `floor_untrained`, pairs of untrained models; `use`,
    the correlation of the models' `use_model` over the same pairs as "". A model that changes what it uses moves that
    too, and its unstable maps are then no fault of the method. NaN where a column has no pair or a map is
    constant.
    """

    version: ClassVar[str] = "3"
    reference: ClassVar[str] = "Arun et al., Assessing the trustworthiness of saliency maps, Radiology: AI 2021"
    summary: ClassVar[str] = (
        "Mean Spearman correlation of a subject's absolute maps over pairs of models, in the domain."
    )
    tags: ClassVar[MetricTags] = MetricTags("compare", True, (-1.0, 1.0), "correlation", fewest_models=2)
    question: ClassVar[str] = "Does the map outlive a new training?"
    blind_spots: ClassVar[tuple[BlindSpot, ...]] = (
        BlindSpot(
            "a map of the image alone is perfect",
            "test_stability.py::test_maps_that_never_change_score_one_whatever_their_sign_or_scale",
        ),
    )

    subjects: Subjects = 16

    def compare(self, models: Models, context: Context) -> dict[str, Tensor]:
        """The columns above; raises `Undefined` for fewer than two models."""
        if len(models.maps) < 2:
            raise Undefined("retraining stability needs two trained models or more")
        inside = domain_of(context, models.maps[0])
        every = list(combinations(range(len(models.maps)), 2))
        trained = _similarities(models.maps, inside)
        untrained = list(combinations(range(len(models.untrained)), 2))
        columns = {
            "": trained(every),
            **{name: trained([pair for pair in every if _changed(models, *pair) == what]) for name, what in CHANGES},
            "floor_subjects": nanmean(np.stack([between_subjects(SPEARMAN, m, inside) for m in models.maps], axis=1)),
            "floor_untrained": _similarities(models.untrained, inside)(untrained),
            "use": _use_similarity(models.uses, every),
        }
        return {name: torch.from_numpy(values).float() for name, values in columns.items()}


def _changed(models: Models, i: int, j: int) -> tuple[bool, bool, bool]:
    """True for each of data, initialisation and order in which two models differ."""
    seeds = models.data_seeds, models.init_seeds, models.order_seeds
    data, initialisation, order = (seed[i] != seed[j] for seed in seeds)
    return data, initialisation, order


def _similarities(maps: Tensor, inside: Tensor) -> Callable[[Pairs], np.ndarray]:
    """Mean similarity (N,) over given pairs of models of maps (M, N, 1, D, H, W)."""
    states = [prepared(SPEARMAN, one, inside) for one in maps]
    return lambda pairs: _mean_over(pairs, len(inside), lambda i, j, n: SPEARMAN.compare(states[i][n], states[j][n]))


def _use_similarity(uses: Sequence[Truth], pairs: Pairs) -> np.ndarray:
    """Mean Spearman correlation (N,) of the models' `use_model` over pairs of models; all subjects have the same."""
    shared = [use_model(use).regions for use in uses]
    regions = [each.detach().cpu().double().numpy() for each in shared if each is not None]
    vectors = [[rank_vector(v) for v in one] for one in regions]
    return _mean_over(pairs, len(vectors[0]), lambda i, j, n: float(vectors[i][n] @ vectors[j][n]))


def _mean_over(pairs: Iterable[tuple[int, int]], subjects: int, value: Callable[[int, int, int], float]) -> np.ndarray:
    table = [[value(i, j, n) for i, j in pairs] for n in range(subjects)]
    return nanmean(np.array(table).reshape(subjects, -1))
