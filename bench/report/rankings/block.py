"""Scores of one simulator and network as an array: what every mean, interval and rank is computed from."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bench.report.load.results import Ranking
from bench.report.statistics.arrays import Codes, grouped, models, row_numbers
from bench.report.statistics.intervals import Array


@dataclass(frozen=True)
class Block:
    """Scores of one simulator and network under the models that count.

    passed: whether any model passed the competence gate; if so only those models count, otherwise all do and the
    block is never ranked. groups: (G rows) method, metric, truth, view. values: (G, D, I), model seeds averaged, NaN
    where no value exists. counts: (G, D, I), models behind each value. units: (G,), models with a value. data_seeds
    (D,) and subjects (I,) label the axes; data seed -1 holds the rows that belong to all models together.
    """

    simulator: str
    network: str
    passed: bool
    groups: pd.DataFrame
    values: Array
    counts: NDArray[np.int64]
    units: NDArray[np.int64]
    data_seeds: NDArray[np.int64]
    subjects: NDArray[np.int64]

    def take(self, methods: list[str], headline: Ranking) -> tuple[Array, NDArray[np.int64], NDArray[np.int64]]:
        """values (M, D, I), counts (M, D, I) and units (M,) of the methods; absent ones hold no value."""
        return self.at(row_numbers(self.groups, methods, headline.metric, headline.truth, headline.view))

    def at(self, rows: NDArray[np.int64]) -> tuple[Array, NDArray[np.int64], NDArray[np.int64]]:
        """values, counts and units of the groups in `rows`; -1 stands for a group without any value."""
        held, count = rows >= 0, len(rows)
        values = np.full((count, *self.values.shape[1:]), np.nan)
        counts, units = np.zeros(values.shape, np.int64), np.zeros(count, np.int64)
        for whole, mine in ((values, self.values), (counts, self.counts), (units, self.units)):
            whole[held] = mine[rows[held]]
        return values, counts, units


def counting(scores: pd.DataFrame, table: pd.DataFrame) -> tuple[bool, pd.DataFrame]:
    """(whether any model passed, the rows with a value under the models that count) of a partition.

    table: models.csv. Rows that belong to all models together carry -1 in place of seeds.
    """
    where = (table["simulator"] == scores["simulator"].iloc[0]) & (table["network"] == scores["network"].iloc[0])
    here = table[where]
    passed = bool(here["passed"].any())
    good = here[here["passed"] | (not passed)][["data_seed", "model_seed"]].itertuples(index=False, name=None)
    counted = {*good, (-1, -1)}
    names, unit = models(scores)
    allowed = np.array([tuple(name) in counted for name in names.tolist()])
    return passed, scores[allowed[unit] & (scores["status"] == "ok").to_numpy()]


def block_of(simulator: str, network: str, passed: bool, ok: pd.DataFrame) -> Block:
    """The block of the rows with a value under the models that count."""
    return Block(simulator, network, passed, *_arrays(ok))


def _arrays(ok: pd.DataFrame) -> tuple[Any, ...]:
    """The fields of a block from `groups` on."""
    groups, g = grouped(ok)
    names, u = models(ok)
    d, seeds = pd.factorize(ok["data_seed"].to_numpy(), sort=True)
    i, subjects = pd.factorize(ok["subject"].to_numpy(), sort=True)
    shape = (len(groups), len(seeds), len(subjects))
    cell, size = np.ravel_multi_index((g, d, i), shape) if len(ok) else g, int(np.prod(shape))
    sums = np.bincount(cell, ok["value"].to_numpy(dtype=float), size).reshape(shape)
    counts = np.bincount(cell, minlength=size).reshape(shape)
    values = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
    held = np.zeros((len(groups), len(names)), dtype=bool)
    held[g, u] = True
    return groups, values, counts, held.sum(1), np.asarray(seeds), np.asarray(subjects)


def seeds_behind(values: Array) -> NDArray[np.int64]:
    """(G,): data seeds with at least one value in tables (G, D, I)."""
    return (~np.isnan(values)).any(-1).sum(-1)


def subjects_behind(values: Array, subjects: Codes) -> NDArray[np.int64]:
    """(G,): subjects with at least one value in tables (G, D, I); -1 among subjects (I,) is a whole model."""
    return (~np.isnan(values[..., subjects >= 0])).any(-2).sum(-1)


def fewest(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """(G,): the smallest of counts (S, G) that is not 0; 0 where all are."""
    return np.where(counts.any(0), np.where(counts > 0, counts, counts.max(initial=0)).min(0), 0)
