"""How far a metric agrees with itself: over images, over methods, over halves, and with other metrics.

After Tomsett et al., Sanity checks for saliency metrics, AAAI 2020. Controls are left out, because agreement rises by
itself where a method that knows nothing is among the items.
"""

from collections.abc import Iterator
from itertools import combinations, combinations_with_replacement, product

import numpy as np
import pandas as pd
from scipy import stats

from bench.report.metrics.models import Table, mean, ranks, scaled_ranks
from bench.report.statistics.intervals import Array

RELIABILITY = ["metric", "truth", "alpha", "low", "high", "inter_method", "split_half"]
RELIABILITY += ["n_units", "n_methods", "n_subjects", "reason"]
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
    stepped up to the whole by Spearman and Brown. reason: a sentence where alpha does not exist.
    """
    rows = []
    for case in sorted({t.case for t in tables}):
        mine = [t for t in tables if t.case == case and t.complete.size]
        placed = [ranks(t.complete) for t in mine]
        alphas = [float(krippendorff(p)) for p in placed]
        others = mean([_inter_method(t.complete) for t in mine]), mean([t.reliability for t in mine])
        methods, subjects = (max((p.shape[axis] for p in placed), default=0) for axis in (1, 0))
        reason = "" if np.isfinite(alphas).any() else _missing(methods, subjects)
        rows.append([*case, mean(alphas), *_interval(placed, alphas), *others, len(mine), methods, subjects, reason])
    return pd.DataFrame(rows, columns=RELIABILITY)


def consistency(tables: list[Table]) -> pd.DataFrame:
    """One row a pair of metrics; columns CONSISTENCY: the Spearman correlation over images between the scores that two
    metrics give to one method, higher always better, mean over methods and models."""
    subjects, methods = (sorted({n for t in tables for n in getattr(t.values, axis)}) for axis in ("index", "columns"))
    units: dict[tuple[int, int], dict[tuple[str, str], Array]] = {}
    for t in tables:
        whole = t.values.reindex(index=subjects, columns=methods).to_numpy(dtype=float).T
        units.setdefault(t.unit, {})[t.case] = whole
    found: dict[tuple[tuple[str, str], ...], list[float]] = {}
    for cases in units.values():
        for pair, value in _agreements(cases):
            found.setdefault(pair, []).append(value)
    rows = []
    for one, other in combinations(sorted({t.case for t in tables}), 2):
        values = found.get((one, other), [])
        rows.append([*one, *other, mean(values), int(np.isfinite(values).sum())])
    return pd.DataFrame(rows, columns=CONSISTENCY)


def _missing(methods: int, subjects: int) -> str:
    """Why there is no alpha."""
    if not subjects:
        return "no subject has a score of every method"
    if subjects == 1:
        return (
            "alpha needs two subjects with a score of every method and there is one: set explain.subjects higher, "
            "and the metric's own subjects if it has them"
        )
    if methods < 2:
        return "alpha needs two methods to put in an order and there is one: name more in method=[...]"
    return "every subject ties all methods, so that there is no order to agree on"


def _inter_method(values: Array) -> float:
    placed = scaled_ranks(values.T)
    return mean((placed @ placed.T)[np.triu_indices(len(placed), 1)].tolist())


def _interval(placed: list[Array], alphas: list[float]) -> tuple[float, float]:
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
    left = _without_each(placed)
    return float(np.sqrt((n - 1) / n * ((left - left.mean()) ** 2).sum()))


def _without_each(placed: Array) -> Array:
    """(I,): alpha of ranks (I, M) without image i, from sums over all images; NaN where they are then all equal."""
    centred = placed - (placed.shape[1] + 1) / 2
    images = len(placed) - 1
    first, second = (power.sum(0) - power for power in (centred, centred**2))
    observed = ((second - first**2 / images) / (images - 1)).mean(1)
    count = images * placed.shape[1]
    expected = (second.sum(1) - first.sum(1) ** 2 / count) / (count - 1)
    return np.where(expected > 0, 1 - observed / np.where(expected > 0, expected, 1.0), np.nan)


def _agreements(cases: dict[tuple[str, str], Array]) -> Iterator[tuple[tuple[tuple[str, str], ...], float]]:
    """Every pair of the cases (M, I) of one model, sorted, with the mean over methods of their correlation over images.

    Of the methods that both have, in the images in which all of these have both. Cases that lack the same values are
    ranked together.
    """
    patterns: dict[bytes, list[tuple[str, str]]] = {}
    for case in sorted(cases):
        patterns.setdefault(np.isfinite(cases[case]).tobytes(), []).append(case)
    for some, more in combinations_with_replacement(patterns.values(), 2):
        both = np.isfinite(cases[some[0]]) & np.isfinite(cases[more[0]])
        methods = both.any(1)
        images = both[methods].all(0)
        left, right = (
            scaled_ranks(np.stack([cases[case][methods][:, images] for case in mine])).swapaxes(0, 1)
            for mine in (some, more)
        )
        related = left @ right.swapaxes(1, 2)
        for (i, one), (j, other) in product(enumerate(some), enumerate(more)):
            if some is not more or i < j:
                # rounding alone would make a minus of nothing
                yield tuple(sorted((one, other))), round(mean(related[:, i, j].tolist()), 12) + 0.0
