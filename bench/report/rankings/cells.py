"""Scores of one simulator and network as arrays: what every mean, interval and rank is computed from."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bench.report.load import partitions
from bench.report.load.study import BadTables, Headline, Study
from bench.report.rankings import floors
from bench.report.statistics import components
from bench.report.statistics.arrays import GROUP, ByModel, Codes, grouped, models, row_numbers
from bench.report.statistics.intervals import Array, estimate, filled, of_models

_MEANS = ["simulator", "network", "data_seed", "model_seed", "method", "value", "ranking"]


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

    def take(self, methods: list[str], headline: Headline) -> tuple[Array, NDArray[np.int64], NDArray[np.int64]]:
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


def block(simulator: str, network: str, passed: bool, ok: pd.DataFrame) -> Block:
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


def pooled(blocks: list[Block], tables: list[Array]) -> tuple[Array, Codes, Codes]:
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


@dataclass(frozen=True)
class Cells:
    """Everything the tables are made of, read in one pass over the partitions.

    blocks: all strata together. headline: ranking -> blocks of the rows that ranking counts; by_model: the same rows
    with one layer a model; gains: rows of the metrics that stand beside a ranking, in its strata. per_model: mean of
    each ranking a model and method (simulator, network, data_seed, model_seed, method, ranking, value). components: see
    `components`.
    """

    blocks: list[Block]
    headline: dict[str, list[Block]]
    by_model: dict[str, list[ByModel]]
    gains: dict[str, list[Block]]
    per_model: pd.DataFrame
    components: pd.DataFrame

    @classmethod
    def read(cls, study: Study) -> "Cells":
        """Read the scores of a study, partition by partition."""
        parts = partitions.each(study, _part)
        if not parts:
            raise BadTables(f"{study.folder / 'scores'} holds no scores: run the study first")
        rankings = [headline.ranking for headline in study.headlines]
        return cls(
            [part.block for part in parts],
            {ranking: [part.headline[ranking] for part in parts] for ranking in rankings},
            {ranking: [part.by_model[ranking] for part in parts] for ranking in rankings},
            {ranking: [part.gains[ranking] for part in parts] for ranking in rankings},
            _stacked([pd.DataFrame(columns=_MEANS), *(means for part in parts for means in part.per_model)]),
            _stacked([pd.DataFrame(columns=components.COLUMNS), *(part.components for part in parts)]),
        )


@dataclass(frozen=True)
class _Part:
    """What `Cells` holds of one partition."""

    block: Block
    headline: dict[str, Block]
    by_model: dict[str, ByModel]
    gains: dict[str, Block]
    per_model: list[pd.DataFrame]
    components: pd.DataFrame


def _part(study: Study, simulator: str, network: str, scores: pd.DataFrame) -> _Part:
    passed, ok = counting(scores, study.models)
    ranked = set(study.methods["method"][study.methods["role"] == "method"])
    mine = {headline.ranking: _of(headline, ok) for headline in study.headlines}
    every = scores[scores["status"] == "ok"]
    gains = ok[ok["metric"].isin([name for names in floors.GAINS.values() for name in names])]
    return _Part(
        block(simulator, network, passed, ok),
        {ranking: block(simulator, network, passed, rows) for ranking, rows in mine.items()},
        {ranking: ByModel.of(rows) for ranking, rows in mine.items()},
        {h.ranking: block(simulator, network, passed, _among(h, gains)) for h in study.headlines},
        [_per_model(_of(headline, every), headline) for headline in study.headlines],
        components.table(simulator, network, ByModel.of(ok[ok["method"].isin(ranked)])),
    )


def _of(headline: Headline, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows a ranking counts."""
    mine = rows[(rows["metric"] == headline.metric) & (rows["truth"] == headline.truth)]
    return _among(headline, mine[mine["view"] == headline.view])


def _among(headline: Headline, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of subjects in the strata that a ranking counts."""
    return rows[rows["stratum"].isin(headline.strata)] if headline.strata else rows


def _per_model(rows: pd.DataFrame, headline: Headline) -> pd.DataFrame:
    means = rows.groupby(_MEANS[:-2], observed=True)["value"].mean().reset_index()
    return means.assign(ranking=headline.ranking).astype({"simulator": str, "network": str, "method": str})


def _stacked(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """The tables that have rows, one below the other; the first, without rows, names the columns."""
    return pd.concat([t for t in tables if len(t)] or tables[:1], ignore_index=True)


def table(study: Study, blocks: list[Block]) -> pd.DataFrame:
    """One row per (simulator, network, method, metric, truth, view): the mean, its interval and what stands behind it.

    The rows with simulator `all` weigh the simulators equally; they leave out simulators where no model of the
    network passed the gate, unless none passed anywhere. n_simulators tells how many a row rests on.
    """
    rows = [_block_table(b) for b in blocks]
    for network in sorted({b.network for b in blocks}):
        mine = [b for b in blocks if b.network == network]
        rows.append(_pooled([b for b in mine if b.passed] or mine))
    cells = pd.concat(rows, ignore_index=True)
    places = cells["simulator"].map({name: place for place, name in enumerate(["all", *study.simulators])})
    order = cells.assign(place=places).sort_values(["network", "metric", "truth", "view", "place", "method"]).index
    return cells.loc[order].reset_index(drop=True)


def _block_table(b: Block) -> pd.DataFrame:
    rows = _rows(b.simulator, b.network, b.passed, b.groups, b.values, b.subjects)
    return rows.assign(n_simulators=1, n_units=b.units)


def _pooled(blocks: list[Block]) -> pd.DataFrame:
    """Rows `all`: every group over the blocks it has values in."""
    keys = pd.concat([b.groups for b in blocks]).drop_duplicates().sort_values(GROUP).reset_index(drop=True)
    rows_in = [keys.merge(b.groups.reset_index(), on=GROUP, how="left")["index"].fillna(-1) for b in blocks]
    taken = [b.at(rows.to_numpy(dtype=int)) for b, rows in zip(blocks, rows_in, strict=True)]
    tables, units = [values for values, _, _ in taken], [count for _, _, count in taken]
    held = np.stack([u > 0 for u in units])
    passed = (held <= np.array([[b.passed] for b in blocks])).all(0)
    values, _, subjects = pooled(blocks, tables)
    rows = _rows("all", blocks[0].network, True, keys, values, subjects)
    return rows.assign(
        gate=np.where(passed, "passed", "below gate"), n_simulators=held.sum(0), n_units=np.sum(units, axis=0)
    )


def _rows(
    simulator: str, network: str, passed: bool, groups: pd.DataFrame, values: Array, subjects: Codes
) -> pd.DataFrame:
    mean, low, high = _estimated(values, subjects)
    start = pd.DataFrame({"simulator": simulator, "network": network}, index=range(len(groups)))
    numbers = pd.DataFrame({
        "mean": mean, "low": low, "high": high, "gate": "passed" if passed else "below gate",
        "n_data_seeds": seeds_behind(values), "n_subjects": subjects_behind(values, subjects),
    })  # fmt: skip
    return pd.concat([start, groups.reset_index(drop=True), numbers], axis=1)


def _estimated(values: Array, subjects: Codes) -> tuple[Array, Array, Array]:
    """(mean, low, high) of tables (G, D, I); one that has values of whole models alone has no subjects to vary over."""
    score, whole = estimate(values), subjects_behind(values, subjects) == 0
    found = np.stack([score.mean, *score.interval()])
    if (subjects < 0).any():
        models = of_models(values[whole][:, :, subjects < 0][:, :, 0])
        found[:, whole] = models.mean, *models.interval()
    mean, low, high = found
    return mean, low, high


def seeds_behind(values: Array) -> NDArray[np.int64]:
    """(G,): data seeds with at least one value in tables (G, D, I)."""
    return (~np.isnan(values)).any(-1).sum(-1)


def subjects_behind(values: Array, subjects: Codes) -> NDArray[np.int64]:
    """(G,): subjects with at least one value in tables (G, D, I); -1 among subjects (I,) is a whole model."""
    return (~np.isnan(values[..., subjects >= 0])).any(-2).sum(-1)
