"""Variance components of a score: method, data seed, model seed and subject.

The largest balanced part of a table is a crossed layout y[m, d, s(d), i]: method m, data seed d, model seed s within
its data seed, subject i. All are taken as random, so that their shares can be compared; the methods are a list, and
their component is the spread within that list. The mean squares of the balanced layout are set equal to their
expectations (Searle, Casella & McCulloch 1992, Variance Components, chapter 4): with n[T] cells a level of term T,

    E MS[T] = sum over the terms T' that contain T of  n[T'] s2[T']

A negative estimate counts as zero and is marked. The last interaction cannot be told from noise: it is the residual.
With one model seed a data seed carries the differences between models as well.
"""

from collections.abc import Iterator
from itertools import product

import numpy as np
import pandas as pd

from bench.columns.aggregated import COMPONENTS
from bench.report.statistics.arrays import ByModel, Codes
from bench.report.statistics.intervals import Array

#: a term is how it treats each factor: averaged over it (0), its deviations (1), or, of models, those within (2)
Term = tuple[int, int, int]
TERMS: list[Term] = [term for term in product((0, 1), (0, 1, 2), (0, 1)) if any(term)]


def table(simulator: str, network: str, scores: ByModel) -> pd.DataFrame:
    """The components of every metric, truth and view of a simulator and network, with the columns of COMPONENTS.

    scores: the ranked methods under the models that count. Metrics with fewer than two methods, or with one model
    only, have no rows.
    """
    rows: list[dict[str, object]] = []
    for (metric, truth, view), group in scores.groups.groupby(["metric", "truth", "view"], sort=True):
        x = largest_balanced(scores.values[group.index], scores.data_seeds)
        if x.shape[0] < 2 or x.shape[1] * x.shape[2] < 2 or not x.size:
            continue
        sizes = dict(zip(COMPONENTS.names[-4:], x.shape, strict=True))
        where = {"simulator": simulator, "network": network, "metric": metric, "truth": truth, "view": view}
        rows += [{**where, **component, **sizes} for component in components(x)]
    return pd.DataFrame(rows, columns=COMPONENTS.names)


def largest_balanced(values: Array, data_seeds: Codes) -> Array:
    """The largest balanced part (M', D, S, I') of tables values (M, U, I) of models whose data seeds are named (U,).

    As many data seeds with equally many model seeds as hold most models; then the methods that lack no cell of
    others, and the subjects that all of these have.
    """
    held = ~np.isnan(values)
    of_seed = [np.flatnonzero((data_seeds == seed) & held.any((0, 2))) for seed in np.unique(data_seeds)]
    depths = range(1, max((len(units) for units in of_seed), default=0) + 1)
    depth = max(depths, key=lambda k: (k * sum(len(units) >= k for units in of_seed), k), default=0)
    units = [unit[:depth] for unit in of_seed if len(unit) >= depth]
    part = values[:, np.array(units, dtype=np.int64).reshape(len(units), depth)]
    cells = (~np.isnan(part)).sum((1, 2, 3))
    part = part[cells == cells.max(initial=0)]
    return part[..., (~np.isnan(part)).all((0, 1, 2))]


def components(x: Array) -> Iterator[dict[str, object]]:
    """Component, variance, share and whether the estimate was negative, for each term of tables x (M, D, S, I)."""
    sizes = {term: _cells_a_level(term, x.shape) for term in TERMS if _freedom(term, x.shape)}
    variances: dict[Term, float] = {}
    for term in sorted(sizes, key=lambda t: -sum(t)):
        above = sum(sizes[t] * variances[t] for t in variances if all(a >= b for a, b in zip(t, term, strict=True)))
        variances[term] = (_mean_square(x, term) - above) / sizes[term]
    total = sum(max(value, 0.0) for value in variances.values())
    residual = max(variances, key=sum, default=None)
    for term in reversed(variances):
        variance = max(variances[term], 0.0)
        share = variance / total if total > 0 else np.nan
        name = "residual" if term == residual else _name(term)
        yield {"component": name, "variance": variance, "share": share, "negative": bool(variances[term] < 0)}


def _name(term: Term) -> str:
    words = (("", "method"), ("", "data seed", "model seed"), ("", "subject"))
    return " x ".join(word[how] for word, how in zip(words, term, strict=True) if how)


def _freedom(term: Term, shape: tuple[int, ...]) -> int:
    methods, data, model, subjects = shape
    models = (1, data - 1, data * (model - 1))[term[1]]
    return (methods - 1 if term[0] else 1) * models * (subjects - 1 if term[2] else 1)


def _cells_a_level(term: Term, shape: tuple[int, ...]) -> int:
    methods, data, model, subjects = shape
    models = (data * model, model, 1)[term[1]]
    return (1 if term[0] else methods) * models * (1 if term[2] else subjects)


def _mean_square(x: Array, term: Term) -> float:
    """Sum of squares of a term's effects over all cells, by its degrees of freedom."""
    effect = _spread(x, 0, term[0])
    effect = _spread(effect, 2, 1) if term[1] == 2 else _spread(effect.mean(2, keepdims=True), 1, term[1])
    effect = _spread(effect, 3, term[2])
    return float((effect**2).sum() * _cells_a_level(term, x.shape) / _freedom(term, x.shape))


def _spread(x: Array, axis: int, deviations: int) -> Array:
    mean = x.mean(axis, keepdims=True)
    return x - mean if deviations else mean
