"""How far a metric agrees with itself: over images, over methods, over halves, and with other metrics.

After Tomsett et al., Sanity checks for saliency metrics, AAAI 2020. Controls are left out, because agreement rises by
itself where a method that knows nothing is among the items.
"""

from itertools import combinations

import numpy as np
import pandas as pd
from scipy import stats

from bench.report.intervals import Array
from bench.report.models import Table, mean, ranks, spearman

RELIABILITY = ["metric", "truth", "alpha", "low", "high", "inter_method", "split_half"]
RELIABILITY += ["n_units", "n_methods", "n_subjects"]
CONSISTENCY = ["metric", "truth", "other", "other_truth", "spearman", "n_units"]


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


def reliability(tables: list[Table]) -> pd.DataFrame:
    """One row a metric and truth of one simulator and network; columns RELIABILITY, means over models.

    alpha: Krippendorff's, methods the items, images the raters, on the ranks each image gives to the methods, with
    its 95 % interval over images. inter_method: mean Spearman correlation over images between
    the scores of two methods. split_half: Spearman correlation of the methods' means over two halves of the images,
    stepped up to the whole by Spearman and Brown.
    """
    rows = []
    for case in sorted({t.case for t in tables}):
        mine = [t for t in tables if t.case == case]
        arrays = [a for t in mine if (a := t.complete).size]
        low, high = _interval(arrays)
        numbers = [mean([float(f(a)) for a in arrays]) for f in (_alpha, _inter_method, split_half)]
        counts = [max((a.shape[axis] for a in arrays), default=0) for axis in (1, 0)]
        rows.append([*case, numbers[0], low, high, *numbers[1:], len(arrays), *counts])
    return pd.DataFrame(rows, columns=RELIABILITY)


def consistency(tables: list[Table]) -> pd.DataFrame:
    """One row a pair of metrics; columns CONSISTENCY: the Spearman correlation over images between the scores that two
    metrics give to one method, higher always better, mean over methods and models."""
    subjects, methods = (sorted({n for t in tables for n in getattr(t.values, axis)}) for axis in ("index", "columns"))
    units: dict[tuple[int, int], dict[tuple[str, str], Array]] = {}
    for t in tables:
        whole = t.values.reindex(index=subjects, columns=methods).to_numpy(dtype=float).T
        units.setdefault(t.unit, {})[t.case] = whole
    rows = []
    for one, other in combinations(sorted({t.case for t in tables}), 2):
        pairs = [(found[one], found[other]) for found in units.values() if one in found and other in found]
        values = [_consistent(a, b) for a, b in pairs]
        rows.append([*one, *other, mean(values), int(np.isfinite(values).sum())])
    return pd.DataFrame(rows, columns=CONSISTENCY)


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


def _alpha(values: Array) -> Array:
    return krippendorff(ranks(values))


def _inter_method(values: Array) -> float:
    one, other = np.triu_indices(values.shape[1], 1)
    return mean(list(spearman(values.T[one], values.T[other])))


def _interval(arrays: list[Array]) -> tuple[float, float]:
    """95 % interval of the mean alpha by the jackknife over images; NaN where no model has three images.

    A bootstrap would draw an image twice, and an image agrees with itself. The errors of models are averaged, not
    their variances: the images are the same in all, so their errors may be too.
    """
    usable = [a for a in arrays if len(a) > 2 and np.isfinite(_alpha(a))]
    if not usable:
        return float("nan"), float("nan")
    freedom = min(len(a) for a in usable) - 1
    error = stats.t.ppf(0.975, freedom) * float(np.mean([_jackknife(a) for a in usable]))
    middle = mean([float(_alpha(a)) for a in arrays])
    return middle - error, min(middle + error, 1.0)


def _jackknife(values: Array) -> float:
    """Standard error of alpha from leaving out one image after the other (Tukey 1958)."""
    n = len(values)
    others = np.array([np.delete(np.arange(n), row) for row in range(n)])
    left = krippendorff(ranks(values)[others])
    return float(np.sqrt((n - 1) / n * ((left - left.mean()) ** 2).sum()))


def _consistent(a: Array, b: Array) -> float:
    """Mean over methods of the correlation of (M, I) over the images in which all methods that both have, have both."""
    both = np.isfinite(a) & np.isfinite(b)
    methods = both.any(1)
    images = both[methods].all(0)
    return mean(list(spearman(a[methods][:, images], b[methods][:, images])))
