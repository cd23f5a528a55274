"""Rank correlations of many rows at once, and the reliability of an order over two halves."""

import numpy as np
from scipy.stats import rankdata

from bench.report.statistics.intervals import Array


def ranks(values: Array) -> Array:
    """Ranks along the last axis of values without NaN, tied values sharing their mean rank."""
    return np.asarray(rankdata(values, axis=-1), dtype=float)


def scaled_ranks(values: Array) -> Array:
    """Ranks along the last axis, of mean 0 and length 1, so that sums of products are Spearman correlations.

    NaN where the values are constant or fewer than three.
    """
    if values.shape[-1] < 3:
        return np.full(values.shape, np.nan)
    centred = ranks(values) - (values.shape[-1] + 1) / 2
    size = np.sqrt((centred**2).sum(-1, keepdims=True))
    return np.asarray(np.where(size > 0, centred / np.where(size > 0, size, 1.0), np.nan))


def spearman(a: Array, b: Array) -> Array:
    """Spearman correlation along the last axis; NaN where either is constant or shorter than three."""
    if a.shape[-1] < 3:
        return np.full(np.broadcast_shapes(a.shape, b.shape)[:-1], np.nan)
    return np.asarray((scaled_ranks(a) * scaled_ranks(b)).sum(-1))


def split_half(values: Array) -> float:
    """Reliability of the means over subjects of values (I, M): two halves, stepped up, 2r / (1 + r); 0 where r < 0.

    Subjects alternate between the halves in pairs (A B B A), so that patients and controls that alternate are split.
    NaN for fewer than four subjects or three methods.
    """
    if len(values) < 4:
        return float("nan")
    half = np.isin(np.arange(len(values)) % 4, (1, 2))
    r = float(spearman(values[half].mean(0), values[~half].mean(0)))
    return max(0.0, 2 * r / (1 + r)) if np.isfinite(r) and r > -1 else float("nan")


def mean(values: list[float]) -> float:
    """Mean of the values that exist; NaN, without a warning, of none."""
    held = [value for value in values if np.isfinite(value)]
    return float(np.mean(held)) if held else float("nan")
