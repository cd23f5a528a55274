"""Average precision and ROC AUC in expected value under a random order of tied scores."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np


class TieGroups(NamedTuple):
    """Items with equal scores, from the highest score down; every array is (G,) float64.

    hits, misses: positives and negatives in the group. hits_before, misses_before: those with a higher score.
    """

    hits: np.ndarray
    misses: np.ndarray
    hits_before: np.ndarray
    misses_before: np.ndarray


def tie_groups(scores: np.ndarray, positives: np.ndarray) -> TieGroups:
    """The tie groups of scores (n,) and positives (n,) bool."""
    order = np.argsort(scores)[::-1]
    ranked = scores[order]
    ends = np.append(np.flatnonzero(ranked[1:] != ranked[:-1]) + 1, scores.size)
    hits_after = np.cumsum(positives[order])[ends - 1].astype(np.float64)
    misses_after = ends - hits_after
    hits = np.diff(hits_after, prepend=0.0)
    misses = np.diff(misses_after, prepend=0.0)
    return TieGroups(hits, misses, hits_after - hits, misses_after - misses)


def average_precision(groups: TieGroups) -> float:
    """Expected average precision (McSherry & Najork, ECIR 2008).

    In a group of n items with r positives, after N items with R positives, the item at place j is positive with
    probability r/n and then has (j - 1)(r - 1)/(n - 1) positives of its group above it in expectation, hence
    r/n * sum_j (R + 1 + (j - 1)(r - 1)/(n - 1)) / (N + j).
    """
    hit = groups.hits > 0
    r, n = groups.hits[hit], (groups.hits + groups.misses)[hit]
    before = groups.hits_before[hit]
    above = (before + groups.misses_before[hit]).astype(np.int64)
    table = _harmonic(int(groups.hits.sum() + groups.misses.sum()))
    inverse = table[above + n.astype(np.int64)] - table[above]
    slope = (r - 1) / np.maximum(n - 1, 1)
    gained = r / n * ((before + 1) * inverse + slope * (n - (above + 1) * inverse))
    return float(gained.sum() / groups.hits.sum())


def chance_average_precision(n: int, positives: int) -> float:
    """Exact expected AP of a random order of n items: H_n/n + (R - 1)/(n - 1) * (1 - H_n/n) (Bestgen, PBML 2015).

    It is not the prevalence R/n, above all where R is small.
    """
    mean = float(_harmonic(n)[n]) / n
    return mean + (positives - 1) / max(n - 1, 1) * (1 - mean)


def roc_auc(groups: TieGroups) -> float:
    """Area under the ROC curve: the chance that a positive outscores a negative, ties counting one half."""
    negatives = groups.misses.sum()
    below = negatives - groups.misses_before - groups.misses / 2
    return float((groups.hits * below).sum() / (groups.hits.sum() * negatives))


@lru_cache(maxsize=8)
def _harmonic(n: int) -> np.ndarray:
    """H_0 ... H_n."""
    return np.concatenate([[0.0], np.cumsum(1.0 / np.arange(1, n + 1))])
