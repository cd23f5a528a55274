"""Separation of two classes by a score: ROC AUC with its confidence interval."""

from typing import NamedTuple

import numpy as np
from scipy.special import ndtri


class AUC(NamedTuple):
    """Area under the ROC curve with a two-sided 95 % interval."""

    value: float
    low: float
    high: float


def auc(scores: np.ndarray, labels: np.ndarray, level: float = 0.95) -> AUC:
    """AUC of scores (n,) for labels (n,) in {0, 1}; ties count one half.

    The interval is DeLong's (DeLong, DeLong & Clarke-Pearson 1988, Biometrics 44:837) with the rank formulation of
    Sun & Xu 2014 (IEEE SPL 21:1389). With both classes perfectly apart its width is 0.

    Raises:
        ValueError: if a class has fewer than two members or a score is not finite.
    """
    scores, labels = np.asarray(scores, np.float64), np.asarray(labels).astype(bool)
    sick, well = scores[labels], scores[~labels]
    if min(len(sick), len(well)) < 2 or not np.isfinite(scores).all():
        raise ValueError(f"AUC needs two finite scores per class; got {len(sick)} and {len(well)}.")
    ranks = _ranks(np.concatenate([sick, well]))
    above = (ranks[: len(sick)] - _ranks(sick)) / len(well)
    below = 1 - (ranks[len(sick) :] - _ranks(well)) / len(sick)
    value = float(above.mean())
    error = float(np.sqrt(above.var(ddof=1) / len(sick) + below.var(ddof=1) / len(well)))
    reach = ndtri(0.5 + level / 2) * error
    return AUC(value, float(max(0.0, value - reach)), float(min(1.0, value + reach)))


def _ranks(values: np.ndarray) -> np.ndarray:
    """Ranks of values (n,) from 1, equal values at the middle of theirs; `scipy.stats` takes a second to import."""
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (counts.cumsum() - (counts - 1) / 2)[places]
