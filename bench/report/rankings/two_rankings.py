"""Two rankings of one contest, method by method: what the plane of the page and of the figures shows."""

from dataclasses import dataclass

import pandas as pd

from bench.report.load.results import Ranking
from bench.report.rankings.ranked_results import RankedResults


@dataclass(frozen=True)
class TwoRankings:
    """The first two rankings on a network in a scope: their leaderboard rows with a score, by method, best first."""

    x: Ranking
    y: Ranking
    across: pd.DataFrame
    up: pd.DataFrame

    @property
    def methods(self) -> list[str]:
        """Whatever has a score in both."""
        return [name for name in self.across.index if name in self.up.index]

    @property
    def best_controls(self) -> set[str]:
        """The best control of each ranking."""
        return {*self.across["control"], *self.up["control"]}

    def rows(self, method: str) -> tuple[pd.Series, pd.Series]:
        """The rows of a method in both."""
        across: pd.Series = self.across.T[method]
        up: pd.Series = self.up.T[method]
        return across, up

    def kind(self, method: str) -> str:
        """`method`, `control`, `oracle`, or `unranked` of a method that has no rank in either."""
        across, up = self.rows(method)
        ranked = across["role"] != "method" or across["rank"] != "" or up["rank"] != ""
        return str(across["role"]) if ranked else "unranked"


def two_rankings(source: RankedResults, scope: str, network: str) -> TwoRankings | None:
    """The rows of both rankings; None where no method has scores of both."""
    headlines = source.results.headlines[:2]
    if len(headlines) < 2:
        return None
    boards = [source.board(headline.ranking, network, scope) for headline in headlines]
    across, up = (board[board["mean"].notna()].set_index("method") for board in boards)
    if not (across["role"][across.index.isin(up.index)] == "method").any():
        return None
    return TwoRankings(headlines[0], headlines[1], across, up)
