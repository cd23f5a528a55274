"""Correlation of a score with a value, squared, with its confidence interval."""

from typing import NamedTuple

import numpy as np
from scipy.special import ndtri


class Correlation(NamedTuple):
    """Pearson's correlation with a two-sided 95 % interval."""

    value: float
    low: float
    high: float

    @property
    def r2(self) -> tuple[float, float, float]:
        """Share of variance explained after the best rising line, with its interval; negative where it falls."""
        value, low, high = (r * abs(r) for r in self)
        return value, low, high


def correlation(scores: np.ndarray, values: np.ndarray, level: float = 0.95) -> Correlation:
    """Correlation of scores (n,) with values (n,); 0 for scores that are all the same.

    The interval is Fisher's (1921, Metron 1:3): the inverse hyperbolic tangent of r is nearly normal with variance
    1 / (n - 3).

    Raises:
        ValueError: for fewer than 4 pairs, a score that is not finite or values that are all the same.
    """
    a, b = np.asarray(scores, np.float64), np.asarray(values, np.float64)
    if len(a) < 4 or not np.isfinite(a).all() or np.ptp(b) == 0:
        raise ValueError(f"a correlation needs 4 or more finite scores and values that differ; got {len(a)}.")
    r = float(np.corrcoef(a, b)[0, 1]) if np.ptp(a) > 0 else 0.0
    reach = ndtri(0.5 + level / 2) / np.sqrt(len(a) - 3)
    z = np.arctanh(np.clip(r, -1 + 1e-12, 1 - 1e-12))
    return Correlation(r, float(np.tanh(z - reach)), float(np.tanh(z + reach)))
