"""Long scores as arrays: rows are numbered by what they score, by model and by subject."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bench.report.statistics.intervals import Array

Codes = NDArray[np.int64]
#: a mean is taken within each of these
GROUP = ["method", "metric", "truth", "view"]


@dataclass(frozen=True)
class ByModel:
    """Scores of one simulator and network, one layer per model.

    groups: (G rows) method, metric, truth, view. values: (G, U, I), NaN where no value exists. data_seeds and
    model_seeds (U,) name the models, subjects (I,) the last axis. Rows of all models together are left out.
    """

    groups: pd.DataFrame
    values: Array
    data_seeds: Codes
    model_seeds: Codes
    subjects: Codes

    @classmethod
    def of(cls, ok: pd.DataFrame) -> "ByModel":
        """The arrays of rows that have a value."""
        single = ok[ok["data_seed"].to_numpy() >= 0]
        groups, g = grouped(single)
        names, u = models(single)
        i, subjects = pd.factorize(single["subject"].to_numpy(), sort=True)
        values = np.full((len(groups), len(names), len(subjects)), np.nan)
        values[g, u, i] = single["value"].to_numpy(dtype=float)
        return cls(groups, values, names[:, 0], names[:, 1], subjects)

    def take(self, methods: list[str], metric: str, truth: str, view: str) -> Array:
        """values (M, U, I) of the methods under one metric; NaN for a method without any."""
        rows = row_numbers(self.groups, methods, metric, truth, view)
        values = np.full((len(methods), *self.values.shape[1:]), np.nan)
        values[rows >= 0] = self.values[rows[rows >= 0]]
        return values


def grouped(rows: pd.DataFrame) -> tuple[pd.DataFrame, Codes]:
    """The groups among the rows (columns `GROUP`, text, sorted) and the number of each row's group."""
    columns = [rows[name].astype("category") for name in GROUP]
    shape = tuple(max(len(column.cat.categories), 1) for column in columns)
    whole = np.ravel_multi_index([column.cat.codes.to_numpy(dtype=np.int64) for column in columns], shape)
    present = np.bincount(whole, minlength=int(np.prod(shape))) > 0
    codes = np.unravel_index(np.flatnonzero(present), shape)
    names = {
        name: pd.Index(column.cat.categories, dtype=object)[code]
        for name, column, code in zip(GROUP, columns, codes, strict=True)
    }
    return pd.DataFrame(names, columns=GROUP).astype(str), (np.cumsum(present) - 1)[whole]


def models(rows: pd.DataFrame) -> tuple[Codes, Codes]:
    """The models among the rows, (U, 2) data seed and model seed, sorted, and the number of each row's model."""
    data, model = rows["data_seed"].to_numpy(dtype=np.int64), rows["model_seed"].to_numpy(dtype=np.int64)
    span = int(model.max(initial=0)) + 2
    codes, keys = pd.factorize(data * span + model + 1, sort=True)
    return np.stack([keys // span, keys % span - 1], 1), codes


def row_numbers(groups: pd.DataFrame, methods: list[str], metric: str, truth: str, view: str) -> Codes:
    """(M,): the row of each method under one metric, -1 for a method that has none."""
    wanted = (groups["metric"] == metric) & (groups["truth"] == truth) & (groups["view"] == view)
    row_of = dict(zip(groups["method"][wanted], np.flatnonzero(wanted).tolist(), strict=True))
    return np.array([row_of.get(name, -1) for name in methods], dtype=np.int64)
