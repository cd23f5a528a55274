"""Scores of single models as tables of subjects by methods: what is said of metrics rather than of methods."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bench.report.intervals import Array
from bench.report.study import Headline, Study

_CASE = ["data_seed", "model_seed", "metric", "truth", "view"]


@dataclass(frozen=True)
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
    def means(self) -> pd.Series:
        """(M,) mean over subjects, by method."""
        return self.values.mean()

    @property
    def complete(self) -> Array:
        """(I', M') the subjects in which every method that has any value has one."""
        held = self.values.dropna(axis=1, how="all").dropna(axis=0)
        return held.to_numpy(dtype=float)


def tables(study: Study, scores: pd.DataFrame) -> Iterator[Table]:
    """Every metric of every model of a partition that passed the gate; methods only, as controls inflate agreement.

    Columns beside a metric's headline, values of no single subject and comparisons of models are left out; maps are
    taken in the view of a ranking.
    """
    kept = _counted(study, scores)
    whole = [name for name in kept["metric"].unique() if "." not in name]
    kept = kept[kept["metric"].isin(whole) & (kept["subject"] >= 0)]
    kept = kept[kept["view"].isin(("", "abs"))].astype({"method": str})
    for case, rows in kept.groupby(_CASE, observed=True):
        data_seed, model_seed, metric, truth, _ = (str(part) for part in case)  # type: ignore[union-attr]
        sign = 1 if study.metric(metric)["higher_is_better"] else -1
        values = sign * rows.set_index(["subject", "method"])["value"].unstack()
        yield Table(int(data_seed), int(model_seed), metric, truth, values)


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
    units = pd.MultiIndex.from_frame(rows[list(through.columns)])
    return rows[units.isin(pd.MultiIndex.from_frame(through))]


def _counted(study: Study, scores: pd.DataFrame) -> pd.DataFrame:
    methods = study.methods["method"][study.methods["role"] == "method"]
    return passed(study, scores[(scores["status"] == "ok") & scores["method"].isin(set(methods))])


def ranks(values: Array) -> Array:
    """Ranks along the last axis of values without NaN, tied values sharing their mean rank."""
    below = (values[..., :, None] > values[..., None, :]).sum(-1)
    equal = (values[..., :, None] == values[..., None, :]).sum(-1)
    return np.asarray(below + (equal + 1) / 2, dtype=float)


def spearman(a: Array, b: Array) -> Array:
    """Spearman correlation along the last axis; NaN where either is constant or shorter than three."""
    if a.shape[-1] < 3:
        return np.full(np.broadcast_shapes(a.shape, b.shape)[:-1], np.nan)
    x, y = (r - r.mean(-1, keepdims=True) for r in (ranks(a), ranks(b)))
    size = np.sqrt((x**2).sum(-1) * (y**2).sum(-1))
    return np.where(size > 0, (x * y).sum(-1) / np.where(size > 0, size, 1.0), np.nan)


def mean(values: list[float]) -> float:
    """Mean of the values that exist; NaN, without a warning, of none."""
    held = [value for value in values if np.isfinite(value)]
    return float(np.mean(held)) if held else float("nan")
