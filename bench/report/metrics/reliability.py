"""Agreement of a metric with itself: over images, over methods, over halves, and with other metrics.

After Tomsett et al., Sanity checks for saliency metrics, AAAI 2020. Controls are left out, because agreement rises by
itself where a method that knows nothing is among the items.
"""

from collections.abc import Iterator
from itertools import combinations, combinations_with_replacement, product

import numpy as np
import pandas as pd

from bench.columns.aggregated import CONSISTENCY, RELIABILITY
from bench.columns.declaration import PLACE
from bench.report.metrics.models import Table
from bench.report.statistics.agreement import jackknife_interval, krippendorff
from bench.report.statistics.correlation import mean, ranks, scaled_ranks
from bench.report.statistics.intervals import Array

_RELIABILITY, _CONSISTENCY = RELIABILITY.after(PLACE), CONSISTENCY.after(PLACE)


def reliability(tables: list[Table]) -> pd.DataFrame:
    """One row per metric and truth of one simulator and network; columns of RELIABILITY, means over models.

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
        interval = jackknife_interval(placed, alphas)
        methods, subjects = (max((p.shape[axis] for p in placed), default=0) for axis in (1, 0))
        reason = "" if np.isfinite(alphas).any() else _missing(methods, subjects)
        rows.append([*case, mean(alphas), *interval, *others, len(mine), methods, subjects, reason])
    return pd.DataFrame(rows, columns=_RELIABILITY)


def consistency(tables: list[Table]) -> pd.DataFrame:
    """One row per pair of metrics; columns of CONSISTENCY.

    spearman: correlation over images between the scores that two metrics give to one method, higher always better,
    mean over methods and models.
    """
    subjects, methods = (sorted({n for t in tables for n in getattr(t.values, axis)}) for axis in ("index", "columns"))
    units: dict[tuple[int, int], dict[tuple[str, str], Array]] = {}
    for t in tables:
        whole = t.values.reindex(index=subjects, columns=methods).to_numpy(dtype=float).T
        units.setdefault(t.unit, {})[t.case] = whole
    agreements: dict[tuple[tuple[str, str], ...], list[float]] = {}
    for cases in units.values():
        for pair, value in _agreements(cases):
            agreements.setdefault(pair, []).append(value)
    rows = []
    for one, other in combinations(sorted({t.case for t in tables}), 2):
        values = agreements.get((one, other), [])
        rows.append([*one, *other, mean(values), int(np.isfinite(values).sum())])
    return pd.DataFrame(rows, columns=_CONSISTENCY)


def _missing(methods: int, subjects: int) -> str:
    """The reason for a missing alpha."""
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
