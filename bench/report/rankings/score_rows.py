"""The score rows behind one row of the leaderboard, so that its mean can be formed again."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from bench.columns.declaration import PLACE
from bench.report.load.files import BadTables, untyped
from bench.report.load.results import Results
from bench.report.rankings.block import Block, block_of, counting
from bench.report.rankings.blocks import counted
from bench.report.rankings.statuses import NOT_RANKABLE
from bench.report.statistics.simulators import equal_weight_mean


@dataclass(frozen=True)
class ScoreRows:
    """One row of leaderboard.csv and the scores it rests on.

    rows: scores of its method, metric, truth and view on its network and simulators, of subjects in the strata of the
    ranking under models that passed the gate. mean: theirs, model seeds averaged within data seeds and simulators with
    equal weight; `stated` is the number in the table.
    """

    stated: float
    mean: float
    rows: pd.DataFrame

    @classmethod
    def of(cls, folder: Path, number: int) -> "ScoreRows":
        """The scores behind a row of `folder`/leaderboard.csv, counted from 0; raises BadTables where there is none."""
        results, board = Results.load(folder), _leaderboard(folder)
        if not 0 <= number < len(board):
            raise BadTables(f"leaderboard.csv has rows 0 to {len(board) - 1}, and none {number}")
        row = board.iloc[number]
        names = simulators_behind(results, board, row["ranking"], row["simulator"], row["network"])
        parts = [_part(results, row, name) for name in names]
        # as in a contest, simulators without a model past the gate count only where no other has one
        parts = [part for part in parts if part[0].passed] or parts
        parts = [part for part in parts if len(part[1])]
        if not parts:
            raise BadTables(f"row {number} of leaderboard.csv has no mean: {row['method']} is {row['status']} there")
        mean = equal_weight_mean([block.values for block, _ in parts]).mean[0]
        return cls(float(row["mean"]), float(mean), pd.concat([part[1] for part in parts], ignore_index=True))


def _leaderboard(folder: Path) -> pd.DataFrame:
    return untyped(Path(folder) / "leaderboard.csv", keep_default_na=False)


def simulators_behind(results: Results, board: pd.DataFrame, ranking: str, scope: str, network: str) -> list[str]:
    """The simulators behind a row: those that cannot be ranked by themselves only where their group has no other."""
    names = [name for name in results.simulators_of(scope) if (name, network) in results.parts]
    contest = (board["ranking"] == ranking) & (board["network"] == network)
    useless = set(board["simulator"][contest & (board["status"] == NOT_RANKABLE)])
    return [name for name in names if name not in useless] or names


def _part(results: Results, row: pd.Series, simulator: str) -> tuple[Block, pd.DataFrame]:
    """The block and the rows of one simulator."""
    headline = next(h for h in results.headlines if h.ranking == row["ranking"])
    passed, ok = counting(results.partition(simulator, row["network"]), results.models)
    rows = counted(headline, ok[ok["method"] == row["method"]])
    return block_of(simulator, row["network"], passed, rows), rows.astype(dict.fromkeys(PLACE.names, str))
