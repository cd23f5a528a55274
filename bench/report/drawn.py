"""What figures and page are drawn from: a study with its aggregated tables and panels."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from bench.report.load import panels
from bench.report.load.study import Headline, Study
from bench.report.rankings import tables
from bench.report.rankings.cells import Cells


@dataclass(frozen=True)
class Drawn:
    """A study, its aggregated tables (`tables.write`), the per-model means of its rankings and its panels."""

    study: Study
    tables: dict[str, pd.DataFrame]
    per_model: pd.DataFrame
    scenes: dict[str, panels.Scene]

    @classmethod
    def of(cls, folder: Path) -> "Drawn":
        """Read a study, write its aggregated tables, and keep both."""
        study = Study.load(folder)
        cells = Cells.read(study)
        return cls(study, tables.write(study, cells), cells.per_model, panels.read(study.folder / "panels.npz"))

    @property
    def headline(self) -> Headline | None:
        """The first ranking of the study, shown where a figure must choose one; None if nothing is ranked."""
        return next(iter(self.study.headlines), None)

    def board(self, ranking: str, network: str, simulator: str = "all") -> pd.DataFrame:
        """The leaderboard rows of one contest, best first; the index is the row number in leaderboard.csv."""
        return self.contest("leaderboard", ranking, network, simulator)

    def contest(self, table: str, ranking: str, network: str, simulator: str = "all") -> pd.DataFrame:
        """The rows of one contest in a table; the index is the row number in its file."""
        rows = self.tables[table]
        return rows[(rows["ranking"] == ranking) & (rows["network"] == network) & (rows["simulator"] == simulator)]

    def order(self, network: str) -> list[str]:
        """All methods as the first ranking orders them on a network, or else by name."""
        ranked = list(self.board(self.headline.ranking, network)["method"]) if self.headline else []
        return ranked or sorted(self.study.methods["method"])
