"""Scores of single models as tables of subjects by methods: what is said of metrics rather than of methods."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from bench.report.load.study import Headline, Study
from bench.report.statistics import arrays
from bench.report.statistics.arrays import ByModel
from bench.report.statistics.intervals import Array


@dataclass(frozen=True, eq=False)
class Table:
    """One metric of one model: values (I, M) of subjects and ranked methods, higher is better, NaN where none."""

    data_seed: int
    model_seed: int
    metric: str
    truth: str
    values: pd.DataFrame

    @property
    def unit(self) -> tuple[int, int]:
        """Which model."""
        return self.data_seed, self.model_seed

    @property
    def case(self) -> tuple[str, str]:
        """Metric and truth."""
        return self.metric, self.truth

    @property
    def by_subject(self) -> bool:
        """Whether rows are subjects; a metric of one value a model has one row, -1."""
        return bool((self.values.index >= 0).any())

    @cached_property
    def means(self) -> pd.Series:
        """(M,) mean over subjects, by method."""
        return self.values.mean()

    @cached_property
    def complete(self) -> Array:
        """(I', M') the subjects in which every method that has any value has one."""
        every = self.values.to_numpy(dtype=float)
        held = every[:, ~np.isnan(every).all(0)]
        return held[~np.isnan(held).any(1)]

    @cached_property
    def reliability(self) -> float:
        """How well the means of `complete` come out the same again: `split_half`."""
        return split_half(self.complete)


def tables(study: Study, scores: pd.DataFrame) -> Iterator[Table]:
    """Every metric of every model of a partition that passed the gate; methods only, as controls inflate agreement.

    Columns beside a metric's headline and values of all models together are left out; maps are taken in the view of a
    ranking. A metric of one value a model has a table of one row.
    """
    kept = _counted(study, scores)
    whole = [name for name in kept["metric"].unique() if "." not in name]
    kept = kept[kept["metric"].isin(whole)]
    found = ByModel.of(kept[kept["view"].isin(("", "abs"))])
    cases = [rows for _, rows in found.groups.groupby(["metric", "truth", "view"], sort=True)]
    named = [(rows["metric"].iloc[0], rows["truth"].iloc[0], rows) for rows in cases]
    signs = [1 if study.metric(metric)["higher_is_better"] else -1 for metric, _, _ in named]
    for u, unit in enumerate(zip(found.data_seeds.tolist(), found.model_seeds.tolist(), strict=True)):
        for sign, (metric, truth, rows) in zip(signs, named, strict=True):
            values = found.values[rows.index, u]
            methods, subjects = (~np.isnan(values).all(axis) for axis in (1, 0))
            if methods.any():
                table = sign * values[methods][:, subjects].T
                columns = rows["method"].to_numpy()[methods]
                yield Table(*unit, metric, truth, pd.DataFrame(table, found.subjects[subjects], columns))


def ranking(study: Study, scores: pd.DataFrame, headline: Headline) -> Iterator[Table]:
    """What one ranking ranks by, of every model: its metric, truth and view over the strata it counts."""
    rows = scores[(scores["metric"] == headline.metric) & (scores["truth"] == headline.truth)]
    rows = rows[rows["view"] == headline.view]
    yield from tables(study, rows[rows["stratum"].isin(headline.strata)] if headline.strata else rows)


def passed(study: Study, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of one simulator and network that belong to a model that passed the gate."""
    if rows.empty:
        return rows
    where = (study.models["simulator"] == rows["simulator"].iloc[0]) & study.models["passed"]
    through = study.models[where & (study.models["network"] == rows["network"].iloc[0])][["data_seed", "model_seed"]]
    good = set(through.itertuples(index=False, name=None))
    names, unit = arrays.models(rows)
    return rows[np.array([tuple(name) in good for name in names.tolist()])[unit]]


def _counted(study: Study, scores: pd.DataFrame) -> pd.DataFrame:
    methods = study.methods["method"][study.methods["role"] == "method"]
    return passed(study, scores[(scores["status"] == "ok") & scores["method"].isin(set(methods))])


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
