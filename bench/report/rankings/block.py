"""Scores of one simulator and network as an array: what every mean, interval and rank is computed from."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bench.report.load.results import Ranking
from bench.report.statistics.arrays import Codes, grouped, models, row_numbers
from bench.report.statistics.intervals import Array, filled


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


def pooled_blocks(blocks: list[Block], tables: list[Array]) -> tuple[Array, Codes, Codes]:
    """The equal-weight mean over simulators of tables (G, D, I) that belong to the blocks: one table (G, D', I'), with
    the data seeds (D',) and subjects (I',) that label it.

    Data seeds and subjects are matched by number; a pair that one simulator lacks is missing. A simulator without any
    value of a group is left out for that group.
    """
    seeds = np.unique(np.concatenate([b.data_seeds for b in blocks]))
    subjects = np.unique(np.concatenate([b.subjects for b in blocks]))
    groups = len(tables[0])
    total, held = np.zeros((groups, len(seeds), len(subjects))), np.zeros(groups)
    for b, table in zip(blocks, tables, strict=True):
        spread = np.full_like(total, np.nan)
        place = np.searchsorted(seeds, b.data_seeds)[:, None], np.searchsorted(subjects, b.subjects)[None]
        spread[:, *place] = filled(table)
        some = ~np.isnan(table).all((1, 2))
        total[some] += spread[some]
        held += some
    return total / np.where(held > 0, held, np.nan)[:, None, None], seeds, subjects


def seeds_behind(values: Array) -> NDArray[np.int64]:
    """(G,): data seeds with at least one value in tables (G, D, I)."""
    return (~np.isnan(values)).any(-1).sum(-1)


def subjects_behind(values: Array, subjects: Codes) -> NDArray[np.int64]:
    """(G,): subjects with at least one value in tables (G, D, I); -1 among subjects (I,) is a whole model."""
    return (~np.isnan(values[..., subjects >= 0])).any(-2).sum(-1)
