"""Skill: the share of the way from the random control to the oracle that a method's maps go.

Within a model, with the means over the subjects in which all three have a value,

    skill = (score - random) / (oracle - random)

A ratio of means, because single subjects may have an oracle at chance. The oracle is that of the ranking's own truth,
scored by the same metric, hence with the same set of the truth. Below a denominator of 0.1 there is no way to go and
the model's skill is undefined. Skills are averaged over model seeds, then data seeds, then simulators.

The interval is that of a mean (`intervals`) over the linearised ratio: subject i of a model contributes

    skill + (score[i] - random[i] - skill (oracle[i] - random[i])) / mean of (oracle - random)

whose mean is the skill and whose spread is that of the ratio to first order (delta method; Cochran 1977, Sampling
Techniques, chapter 6). `results/benchmarks/coverage.csv` says how often it holds the truth.
"""

from dataclasses import dataclass, replace

import numpy as np

from bench.report.statistics.arrays import Codes
from bench.report.statistics.intervals import Array, MeanEstimate, mean_estimate

#: the least distance from random to oracle
ROOM = 0.1


@dataclass(frozen=True)
class Ladder:
    """Scores of one simulator between their floor and ceiling, higher is better.

    values: (M, U, I). random and oracle: (U, I). data_seeds: (U,). NaN where no value exists.
    """

    values: Array
    random: Array
    oracle: Array
    data_seeds: Codes

    def of_models(self) -> Array:
        """Skill (M, U) of every model; NaN where undefined."""
        return _mean(self._contributions())

    def estimate(self) -> MeanEstimate:
        """The skill (M,) of every method with its spread."""
        by_model = self._contributions()
        seeds = [self.data_seeds == number for number in np.unique(self.data_seeds)]
        tables = np.stack([_mean(by_model[:, mine].swapaxes(1, 2)) for mine in seeds], 1)
        skill = _mean(by_model)
        return replace(mean_estimate(tables), mean=_mean(np.stack([_mean(skill[:, mine]) for mine in seeds], 1)))

    def models_behind(self) -> Codes:
        """(M,): models in which a method's skill is defined."""
        return (~np.isnan(self.of_models())).sum(-1)

    def _contributions(self) -> Array:
        """The contribution (M, U, I) of every subject to the skill of a model, their mean."""
        climbed, room = self.values - self.random, np.broadcast_to(self.oracle - self.random, self.values.shape)
        held = ~np.isnan(climbed + room)
        way = _mean(np.where(held, room, np.nan))
        with np.errstate(invalid="ignore"):
            way = np.where(way >= ROOM, way, np.nan)[..., None]
        skill = _mean(np.where(held, climbed, np.nan))[..., None] / way
        return np.where(held, skill + (climbed - skill * room) / way, np.nan)


def _mean(x: Array) -> Array:
    """Mean over the last axis of what is defined; NaN where nothing is."""
    count = (~np.isnan(x)).sum(-1)
    return np.where(count > 0, np.nansum(x, -1) / np.maximum(count, 1), np.nan)
