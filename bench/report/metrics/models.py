"""Scores of single models as tables of subjects by methods, from which metrics are judged."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from bench.columns.metric_names import MetricName
from bench.report.load.results import Ranking, Results
from bench.report.statistics import arrays
from bench.report.statistics.arrays import ByModel
from bench.report.statistics.correlation import split_half
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
        """Data seed and model seed of the model."""
        return self.data_seed, self.model_seed

    @property
    def case(self) -> tuple[str, str]:
        """Metric and truth."""
        return self.metric, self.truth

    @property
    def by_subject(self) -> bool:
        """True if rows are subjects; a metric of one value per model has one row, -1."""
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
        """Reliability of the means of `complete`: `split_half`."""
        return split_half(self.complete)


def tables(results: Results, scores: pd.DataFrame) -> Iterator[Table]:
    """Every metric of every model of a partition that passed the gate; methods only, as controls inflate agreement.

    Columns beside a metric's headline and values of all models together are left out; maps are taken in the view of a
    ranking. A metric of one value per model has a table of one row.
    """
    kept = _counted(results, scores)
    whole = [name for name in kept["metric"].unique() if not MetricName.of(name).column]
    kept = kept[kept["metric"].isin(whole)]
    by_model = ByModel.of(kept[kept["view"].isin(("", "abs"))])
    cases = [rows for _, rows in by_model.groups.groupby(["metric", "truth", "view"], sort=True)]
    named = [(rows["metric"].iloc[0], rows["truth"].iloc[0], rows) for rows in cases]
    signs = [1 if results.metric(metric)["higher_is_better"] else -1 for metric, _, _ in named]
    for u, unit in enumerate(zip(by_model.data_seeds.tolist(), by_model.model_seeds.tolist(), strict=True)):
        for sign, (metric, truth, rows) in zip(signs, named, strict=True):
            values = by_model.values[rows.index, u]
            methods, subjects = (~np.isnan(values).all(axis) for axis in (1, 0))
            if methods.any():
                table = sign * values[methods][:, subjects].T
                columns = rows["method"].to_numpy()[methods]
                yield Table(*unit, metric, truth, pd.DataFrame(table, by_model.subjects[subjects], columns))


def ranking(results: Results, scores: pd.DataFrame, headline: Ranking) -> Iterator[Table]:
    """The measure of one ranking, of every model: its metric, truth and view over the strata it counts."""
    rows = scores[(scores["metric"] == headline.metric) & (scores["truth"] == headline.truth)]
    rows = rows[rows["view"] == headline.view]
    yield from tables(results, rows[rows["stratum"].isin(headline.strata)] if headline.strata else rows)


def passed(results: Results, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of one simulator and network that belong to a model that passed the gate."""
    if rows.empty:
        return rows
    where = (results.models["simulator"] == rows["simulator"].iloc[0]) & results.models["passed"]
    through = results.models[where & (results.models["network"] == rows["network"].iloc[0])][
        ["data_seed", "model_seed"]
    ]
    good = set(through.itertuples(index=False, name=None))
    names, unit = arrays.models(rows)
    return rows[np.array([tuple(name) in good for name in names.tolist()])[unit]]


def _counted(results: Results, scores: pd.DataFrame) -> pd.DataFrame:
    methods = results.methods["method"][results.methods["role"] == "method"]
    return passed(results, scores[(scores["status"] == "ok") & scores["method"].isin(set(methods))])
