"""Estimates over several simulators: each has tables of its own, and all weigh equally."""

import numpy as np

from bench.report.statistics.arrays import Codes
from bench.report.statistics.intervals import Array, MeanEstimate, mean_estimate

#: differences below this share of the largest score are rounding
ROUNDING = 1e-9


def equal_weight_mean(tables: list[Array]) -> MeanEstimate:
    """The estimate of tables (G, D, I) of several simulators, each with its own data seeds and subjects."""
    return combined([mean_estimate(table) for table in tables])


def combined(estimates: list[MeanEstimate]) -> MeanEstimate:
    """The equal-weight mean of independent estimates (G,); each row is over those in which it has a mean.

    The variance of a mean of K is the sum of their variances over K squared: the parts stay apart, with their own
    degrees of freedom.
    """
    means = np.stack([one.mean for one in estimates])
    held = ~np.isnan(means)
    count = np.where(held.any(0), held.sum(0), np.nan)
    shares = [np.where(h[:, None], one.parts, 0) / count[:, None] ** 2 for h, one in zip(held, estimates, strict=True)]
    freedom = np.concatenate([one.freedom for one in estimates], -1)
    third = np.where(held, np.stack([np.broadcast_to(one.third, one.mean.shape) for one in estimates]), 0).sum(0)
    return MeanEstimate(np.where(held, means, 0).sum(0) / count, np.concatenate(shares, -1), freedom, third / count**3)


def leads(tables: list[Array], ones: Codes | list[int], others: Codes | list[int]) -> list[Array]:
    """Paired differences (P, D, I) in every simulator of the rows `ones` and `others` of tables (M, D, I).

    What lies below `ROUNDING` of the largest score of a simulator is zero: it says which way sums were added up.
    """
    return [_beyond_rounding(table[ones] - table[others], table) for table in tables]


def _beyond_rounding(differences: Array, table: Array) -> Array:
    largest = np.nanmax(np.abs(table), initial=0.0)
    return np.where(np.abs(differences) <= ROUNDING * largest, 0.0, differences)
