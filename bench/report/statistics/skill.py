"""Skill: the share of the way from the random control to the oracle that a method's maps go.

Within a model, with the means over the subjects in which all three have a value,

    skill = (score - random) / (oracle - random)

A ratio of means, because single subjects may have an oracle at chance. The oracle is that of the ranking's own truth,
scored by the same metric, hence with the same set of the truth. Below a denominator of 0.1 there is no way to go and
the model's skill is undefined. Skills are averaged over model seeds, then data seeds, then simulators.
"""

from dataclasses import dataclass

import numpy as np

from bench.report.statistics.arrays import Codes
from bench.report.statistics.intervals import Array

#: the least distance from random to oracle
ROOM = 0.1


@dataclass(frozen=True)
class Ladder:
    """Scores of one simulator between their floor and ceiling, higher is better.

    values: (M, U, I). random and oracle: (U, I). data_seeds: (U,). subjects: (I,). NaN where no value exists.
    """

    values: Array
    random: Array
    oracle: Array
    data_seeds: Codes
    subjects: Codes

    def of_models(self, subjects: Array) -> Array:
        """Skill (R, M, U) of every model under weights of subjects (R, I); NaN where undefined."""
        climbed, room = self.values - self.random, np.broadcast_to(self.oracle - self.random, self.values.shape)
        held = ~np.isnan(climbed + room)
        count = _weighted(subjects, held.astype(float))
        room = _weighted(subjects, np.where(held, room, 0.0))
        with np.errstate(divide="ignore", invalid="ignore"):
            skill: Array = np.where(
                room >= ROOM * np.maximum(count, 1), _weighted(subjects, np.where(held, climbed, 0.0)) / room, np.nan
            )
        return skill

    def skill(self, seeds: Array, subjects: Array) -> Array:
        """Skill (R, M) under weights of the data seeds in `np.unique(data_seeds)` (R, D) and of subjects (R, I)."""
        of_models = self.of_models(subjects)
        numbers = np.unique(self.data_seeds)
        by_seed = [_mean(of_models[..., self.data_seeds == number]) for number in numbers]
        stacked = np.stack(by_seed, -1) if by_seed else np.full((*of_models.shape[:2], 0), np.nan)
        return _mean(stacked, np.broadcast_to(seeds[:, None], stacked.shape))

    def models_behind(self) -> Codes:
        """(M,): models in which a method's skill is defined."""
        return (~np.isnan(self.of_models(np.ones((1, len(self.subjects))))[0])).sum(-1)


def _weighted(weights: Array, x: Array) -> Array:
    """Sums (R, M, U) of x (M, U, I) with weights (R, I)."""
    return (weights @ x.reshape(-1, x.shape[-1]).T).reshape(len(weights), *x.shape[:-1])


def _mean(x: Array, weights: Array | None = None) -> Array:
    """Weighted mean over the last axis of what is defined; NaN where nothing is."""
    weights = np.where(np.isnan(x), 0.0, 1.0 if weights is None else weights)
    total = weights.sum(-1)
    return np.where(total > 0, (np.nan_to_num(x) * weights).sum(-1) / np.where(total > 0, total, 1.0), np.nan)
