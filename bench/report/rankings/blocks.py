"""The blocks of all partitions of a study, read in one pass."""

from dataclasses import dataclass

import pandas as pd

from bench.columns.aggregated import COMPONENTS
from bench.columns.declaration import UNIT
from bench.columns.written import FAILURES
from bench.report.load import partitions
from bench.report.load.files import BadTables
from bench.report.load.results import Ranking, Results
from bench.report.rankings import floors, refusals
from bench.report.rankings.block import Block, block_of, counting
from bench.report.statistics import components
from bench.report.statistics.arrays import ByModel

_MODEL_AND_METHOD = [*UNIT.names, "method"]
_PER_MODEL = [*_MODEL_AND_METHOD, "value", "ranking"]


@dataclass(frozen=True)
class Blocks:
    """Everything the tables are made of, read in one pass over the partitions.

    all_strata: blocks of all rows. headline: ranking -> blocks of the rows that ranking counts; by_model: the same rows
    with one layer per model; uncounted: rows of the same metric of subjects in the other strata; gains: rows of the
    metrics that stand beside a ranking, in its strata. empty: by simulator and network, what has no value there and why
    (`refusals.by_case`); refused: what of each model nobody has (`refusals.of_partition`). per_model: mean of each
    ranking per model and method (simulator, network, data_seed, model_seed, method, ranking, value).
    components: see there.
    """

    all_strata: list[Block]
    headline: dict[str, list[Block]]
    by_model: dict[str, list[ByModel]]
    uncounted: dict[str, list[Block]]
    gains: dict[str, list[Block]]
    empty: dict[tuple[str, str], pd.DataFrame]
    refused: pd.DataFrame
    per_model: pd.DataFrame
    components: pd.DataFrame

    @classmethod
    def read(cls, results: Results) -> "Blocks":
        """Read the scores of a study, partition by partition."""
        parts = partitions.each(results, _part)
        if not parts:
            raise BadTables(f"{results.folder / 'scores'} holds no scores: run the study first")
        rankings = [headline.ranking for headline in results.headlines]
        return cls(
            [part.block for part in parts],
            {ranking: [part.headline[ranking] for part in parts] for ranking in rankings},
            {ranking: [part.by_model[ranking] for part in parts] for ranking in rankings},
            {ranking: [part.uncounted[ranking] for part in parts] for ranking in rankings},
            {ranking: [part.gains[ranking] for part in parts] for ranking in rankings},
            {(part.block.simulator, part.block.network): part.empty for part in parts},
            _stacked([pd.DataFrame(columns=FAILURES.names), *(part.refused for part in parts)]),
            _stacked([pd.DataFrame(columns=_PER_MODEL), *(means for part in parts for means in part.per_model)]),
            _stacked([pd.DataFrame(columns=COMPONENTS.names), *(part.components for part in parts)]),
        )


@dataclass(frozen=True)
class _Part:
    """The share of one partition in `Blocks`."""

    block: Block
    headline: dict[str, Block]
    by_model: dict[str, ByModel]
    uncounted: dict[str, Block]
    gains: dict[str, Block]
    empty: pd.DataFrame
    refused: pd.DataFrame
    per_model: list[pd.DataFrame]
    components: pd.DataFrame


def _part(results: Results, simulator: str, network: str, scores: pd.DataFrame) -> _Part:
    passed, ok = counting(scores, results.models)
    ranked = set(results.methods["method"][results.methods["role"] == "method"])
    headlines = results.headlines
    mine = {headline.ranking: counted(headline, ok) for headline in headlines}
    every = scores[scores["status"] == "ok"]
    gains = ok[ok["metric"].isin([name for names in floors.GAINS.values() for name in names])]
    return _Part(
        block_of(simulator, network, passed, ok),
        {ranking: block_of(simulator, network, passed, rows) for ranking, rows in mine.items()},
        {ranking: ByModel.of(rows) for ranking, rows in mine.items()},
        {
            h.ranking: block_of(simulator, network, passed, _scored(h, ok).drop(mine[h.ranking].index))
            for h in headlines
        },
        {h.ranking: block_of(simulator, network, passed, _among(h, gains)) for h in headlines},
        refusals.by_case(scores),
        refusals.of_partition(simulator, network, scores),
        [_per_model(counted(headline, every), headline) for headline in headlines],
        components.table(simulator, network, ByModel.of(ok[ok["method"].isin(ranked)])),
    )


def counted(headline: Ranking, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows a ranking counts."""
    return _among(headline, _scored(headline, rows))


def _scored(headline: Ranking, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of a ranking's metric, truth and view, of subjects in all strata."""
    mine = rows[(rows["metric"] == headline.metric) & (rows["truth"] == headline.truth)]
    return mine[mine["view"] == headline.view]


def _among(headline: Ranking, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of subjects in the strata that a ranking counts."""
    return rows[rows["stratum"].isin(headline.strata)] if headline.strata else rows


def _per_model(rows: pd.DataFrame, headline: Ranking) -> pd.DataFrame:
    means = rows.groupby(_MODEL_AND_METHOD, observed=True)["value"].mean().reset_index()
    return means.assign(ranking=headline.ranking).astype({"simulator": str, "network": str, "method": str})


def _stacked(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """The tables that have rows, one below the other; the first, without rows, names the columns."""
    return pd.concat([t for t in tables if len(t)] or tables[:1], ignore_index=True)
