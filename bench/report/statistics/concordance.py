"""Agreement of several orders of the same methods."""

import numpy as np
import pandas as pd

from bench.report.statistics.intervals import Array
from bench.report.statistics.simulators import ROUNDING


def rank_orders(scores: Array) -> Array:
    """(M, J): places of M methods in the order of each of J judges, 1 the highest score; equal scores share the middle.

    Scores that differ by rounding are equal.
    """
    rounding = ROUNDING * np.abs(scores).max(initial=0.0)
    rounded = pd.DataFrame(scores / rounding if rounding else scores).round()
    return rounded.rank(ascending=False).to_numpy(dtype=float)


def kendall_w(placed: Array) -> float:
    """Kendall's coefficient of concordance of J judges over M methods from their places (M, J): 1 the same order.

    Ties after Kendall & Babington Smith (1939, Annals of Mathematical Statistics 10:275). NaN for fewer than two judges
    or methods, or where no judge tells any apart.
    """
    methods, judges = placed.shape
    if methods < 2 or judges < 2:
        return np.nan
    spread = ((placed.sum(1) - judges * (methods + 1) / 2) ** 2).sum()
    tied = sum((np.unique(column, return_counts=True)[1] ** 3).sum() - methods for column in placed.T)
    most = (judges**2 * (methods**3 - methods) - judges * tied) / 12
    return float(spread / most) if most > 0 else np.nan


def mean_spearman(concordance: float, judges: int) -> float:
    """The mean correlation of the orders of all pairs of judges, which Kendall's W holds: (J W - 1) / (J - 1)."""
    return (judges * concordance - 1) / (judges - 1) if judges > 1 else np.nan
