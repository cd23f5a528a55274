"""A study with its aggregated tables and panels: the source of figures and page."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from bench.report.load import panels
from bench.report.load import tables as files
from bench.report.load.results import Ranking, Results
from bench.report.metrics import tables as metric_tables
from bench.report.rankings import tables
from bench.report.rankings.blocks import Blocks


@dataclass(frozen=True)
class RankedResults:
    """A study, its aggregated tables, the per-model means of its rankings and its panels."""

    results: Results
    tables: dict[str, pd.DataFrame]
    per_model: pd.DataFrame
    pictures: dict[str, panels.PictureSet]

    @classmethod
    def of(cls, folder: Path) -> "RankedResults":
        """Read a study, write its aggregated tables, and keep both."""
        results = Results.load(folder)
        blocks = Blocks.read(results)
        aggregated = tables.aggregate(results, blocks)
        files.write(results.folder, aggregated)
        return cls(results, aggregated, blocks.per_model, panels.read(results.folder / "panels.npz"))

    @cached_property
    def of_metrics(self) -> dict[str, pd.DataFrame]:
        """The tables about metrics and models, computed and written when they are first asked for."""
        return metric_tables.write(self.results)

    @property
    def headline(self) -> Ranking | None:
        """The first ranking of the study, shown where a figure must choose one; None if nothing is ranked."""
        return next(iter(self.results.headlines), None)

    def board(self, ranking: str, network: str, scope: str) -> pd.DataFrame:
        """The leaderboard rows of one contest, best first; the index is the row number in leaderboard.csv."""
        return self.contest("leaderboard", ranking, network, scope)

    def contest(self, table: str, ranking: str, network: str, scope: str) -> pd.DataFrame:
        """The rows of one contest in a table; the index is the row number in its file."""
        rows = self.ranking(table, ranking, network)
        return rows[rows["simulator"] == scope]

    def ranking(self, table: str, ranking: str, network: str) -> pd.DataFrame:
        """The rows of one ranking and network in a table; the index is the row number in its file."""
        rows = self.tables[table]
        return rows[(rows["ranking"] == ranking) & (rows["network"] == network)]

    def order(self, network: str) -> list[str]:
        """All methods as the first ranking orders them on a network's first group, or else by name."""
        headline, groups = self.headline, self.results.groups
        boards = [list(self.board(headline.ranking, network, group)["method"]) for group in groups] if headline else []
        return next(filter(None, boards), sorted(self.results.methods["method"]))
