"""The two studies of a comparison, and the paired difference of their scores.

Explained subjects are the same where the key of the cell that draws them is: there later scores less earlier ones are
taken subject by subject and data seed by data seed, as far as both studies have them. Elsewhere the means are
independent.
"""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bench.columns.aggregated import LEADERBOARD
from bench.columns.written import PROVENANCE
from bench.report.load import files, partitions
from bench.report.load.results import Ranking, Results
from bench.report.rankings.block import Block, block_of, counting
from bench.report.rankings.blocks import counted
from bench.report.rankings.means import estimated_means
from bench.report.rankings.score_rows import simulators_behind
from bench.report.statistics.intervals import Index, MeanEstimate

#: stage of the cells that draw explained subjects
COHORT = "simulate"


@dataclass(frozen=True)
class ComparedStudy:
    """A study with its leaderboard and, by simulator and network, the scores that each of its rankings counts.

    drawn: {unit: key} of the cells that drew explained subjects.
    """

    results: Results
    board: pd.DataFrame
    blocks: dict[tuple[str, str], dict[str, Block]]
    drawn: dict[str, str]

    @classmethod
    def of(cls, folder: Path) -> "ComparedStudy":
        """The study in a folder of tables; raises BadTables."""
        results = Results.load(folder)
        board = files.csv(folder / "leaderboard.csv", LEADERBOARD)
        rows = files.parquet(folder / "provenance.parquet", PROVENANCE.only("stage", "unit", "key"))
        drawn = rows.loc[rows["stage"] == COHORT, ["unit", "key"]].itertuples(index=False, name=None)
        return cls(results, board, dict(partitions.each(results, _part)), dict(drawn))

    def members(self, headline: Ranking, scope: str, network: str) -> list[str]:
        """The simulators that count in a row of the leaderboard: those with a model past the gate where any has one."""
        names = simulators_behind(self.results, self.board, headline.ranking, scope, network)
        return [n for n in names if self.blocks[n, network][headline.ranking].passed] or names

    def cohorts(self, simulator: str) -> set[str]:
        """The keys of the explained subjects of a simulator: one, or none where the tables do not tell."""
        models = self.results.models[self.results.models["simulator"] == simulator]
        seeds = models[["network", "data_seed", "model_seed"]].itertuples(index=False, name=None)
        units = (f"{simulator}-{network}-d{data}-m{model}" for network, data, model in seeds)
        return {self.drawn[unit] for unit in units if unit in self.drawn}


def score_differences(
    old: ComparedStudy, new: ComparedStudy, headline: Ranking, simulator: str, network: str, methods: list[str]
) -> tuple[MeanEstimate, bool]:
    """The estimates (M,) of later less earlier scores of methods on one simulator, and whether they are paired."""
    sides = [side.blocks[simulator, network][headline.ranking] for side in (old, new)]
    seeds = _common(*(side.data_seeds for side in sides))
    subjects = _common(*(side.subjects for side in sides))
    before, after = (side.take(methods, headline)[0] for side in sides)
    if old.cohorts(simulator) & new.cohorts(simulator) and len(seeds[0]) and len(subjects[0]):
        earlier, later = (v[:, d][:, :, i] for v, d, i in zip((before, after), seeds, subjects, strict=True))
        return estimated_means(later - earlier, sides[0].subjects[subjects[0]]), True
    one, other = (estimated_means(v, side.subjects) for v, side in zip((after, before), sides, strict=True))
    return _less(one, other), False


def _part(results: Results, simulator: str, network: str, scores: pd.DataFrame) -> tuple[tuple[str, str], dict]:
    passed, ok = counting(scores, results.models)
    block = partial(block_of, simulator, network, passed)
    return (simulator, network), {h.ranking: block(counted(h, ok)) for h in results.headlines}


def _common(one: NDArray[np.int64], other: NDArray[np.int64]) -> tuple[Index, Index]:
    """Where the labels that both axes have stand in the one and in the other."""
    _, in_one, in_other = np.intersect1d(one, other, return_indices=True)
    return in_one, in_other


def _less(one: MeanEstimate, other: MeanEstimate) -> MeanEstimate:
    """The estimate of the difference of two independent means."""
    parts, freedom = (np.concatenate([getattr(e, name) for e in (one, other)], -1) for name in ("parts", "freedom"))
    return MeanEstimate(one.mean - other.mean, parts, freedom, one.third - other.third)
