"""Krippendorff's alpha, and its interval by leaving out one image after the other."""

import numpy as np
from scipy import stats

from bench.report.statistics.correlation import mean
from bench.report.statistics.intervals import Array


def krippendorff(values: Array) -> Array:
    """Krippendorff's alpha of values (..., raters, items) with interval distance; NaN in a place is a missing rating.

    1 - D_o / D_e, D_o the mean squared difference of two ratings of one item and D_e that of any two ratings
    (Krippendorff, Computing Krippendorff's alpha-reliability, 2011). Items with fewer than two ratings do not count.
    NaN where all ratings are equal or nothing can be paired.
    """
    paired = np.isfinite(values) & (np.isfinite(values).sum(-2, keepdims=True) > 1)
    held = np.where(paired, values, 0.0)
    count = paired.sum(-2)
    middle = held.sum(-2) / np.maximum(count, 1)
    within = np.where(paired, (values - middle[..., None, :]) ** 2, 0.0).sum(-2)
    total = count.sum(-1)
    grand = held.sum((-2, -1)) / np.maximum(total, 1)
    spread = np.where(paired, (values - grand[..., None, None]) ** 2, 0.0).sum((-2, -1))
    observed = (count * within / np.maximum(count - 1, 1)).sum(-1) / np.maximum(total, 1)
    expected = spread / np.maximum(total - 1, 1)
    return np.where(expected > 0, 1 - observed / np.where(expected > 0, expected, 1.0), np.nan)


def jackknife_interval(placed: list[Array], alphas: list[float]) -> tuple[float, float]:
    """95 % interval of the mean alpha of ranks (I, M) by the jackknife over images; NaN where no model has three.

    A bootstrap would draw an image twice, and an image agrees with itself. The errors of models are averaged, not
    their variances: the images are the same in all, so their errors may be too.
    """
    usable = [p for p, alpha in zip(placed, alphas, strict=True) if len(p) > 2 and np.isfinite(alpha)]
    if not usable:
        return float("nan"), float("nan")
    freedom = min(len(p) for p in usable) - 1
    error = stats.t.ppf(0.975, freedom) * float(np.mean([_jackknife(p) for p in usable]))
    return mean(alphas) - error, min(mean(alphas) + error, 1.0)


def _jackknife(placed: Array) -> float:
    """Standard error of the alpha of ranks (I, M) from leaving out one image after the other (Tukey 1958)."""
    n = len(placed)
    left = without_each(placed)
    return float(np.sqrt((n - 1) / n * ((left - left.mean()) ** 2).sum()))


def without_each(placed: Array) -> Array:
    """(I,) alpha of ranks (I, M) without image i, from sums over all images; NaN where they are then all equal."""
    centred = placed - (placed.shape[1] + 1) / 2
    images = len(placed) - 1
    first, second = (power.sum(0) - power for power in (centred, centred**2))
    observed = ((second - first**2 / images) / (images - 1)).mean(1)
    count = images * placed.shape[1]
    expected = (second.sum(1) - first.sum(1) ** 2 / count) / (count - 1)
    return np.where(expected > 0, 1 - observed / np.where(expected > 0, expected, 1.0), np.nan)
