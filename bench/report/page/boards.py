"""Ranking tables of the page, as row numbers of leaderboard.csv, comparisons.csv and concordance.csv."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from bench.report.load.results import Ranking
from bench.report.rankings import floors
from bench.report.rankings.contest import NOT_RANKABLE
from bench.report.rankings.ranked_results import RankedResults


@dataclass(frozen=True)
class Board:
    """One ranking table: a headline on a network.

    below_gate, not_rankable: scopes in which no model passed, and in which no method beats what sees no model.
    rows: per method its row in leaderboard.csv by scope. claims: rows of comparisons.csv over all simulators.
    concordance: the row of concordance.csv over all simulators. floors: columns of leaderboard.csv, of those that a
    score must be held against, that hold any value. elsewhere: whether subjects that the ranking leaves out
    have values.
    """

    headline: Ranking
    network: str
    scopes: list[str]
    rows: list[dict[str, int]]
    below_gate: list[str]
    not_rankable: list[str]
    claims: list[int]
    concordance: int
    floors: list[str]
    elsewhere: bool
    low: float
    high: float

    def x(self, value: float) -> float:
        """Place of a value on the interval drawing, 0 to 100."""
        return round(100 * (float(value) - self.low) / (self.high - self.low), 2)


def boards(source: RankedResults) -> list[Board]:
    """The ranking tables, by ranking, the main network first."""
    main = source.results.main_network
    networks = sorted(source.results.networks, key=lambda name: name != main)
    return [_board(source, headline, network) for headline in source.results.headlines for network in networks]


def _board(source: RankedResults, headline: Ranking, network: str) -> Board:
    where = headline.ranking, network
    contests = {scope: source.board(*where, scope) for scope in ["all", *source.results.simulators]}
    scopes = [scope for scope, rows in contests.items() if len(rows)]
    row_of = {s: dict(zip(contests[s]["method"], contests[s].index.astype(int).tolist(), strict=True)) for s in scopes}
    rows = [{scope: row_of[scope][method] for scope in scopes} for method in contests["all"]["method"]]
    below, useless = (
        [s for s in scopes if (contests[s]["status"] == why).any()] for why in ("below gate", NOT_RANKABLE)
    )
    claims = source.contest("comparisons", *where).index.astype(int).tolist()
    concordance = int(source.contest("concordance", *where).index[0])
    measured = [name for name in floors.NUMBERS if contests["all"][name].notna().any()]
    elsewhere = bool(contests["all"]["elsewhere"].notna().any())
    ends = _ends(source, headline, contests["all"])
    return Board(headline, network, scopes, rows, below, useless, claims, concordance, measured, elsewhere, *ends)


def _ends(source: RankedResults, headline: Ranking, rows: pd.DataFrame) -> tuple[float, float]:
    """Ends of the interval drawing: 0 to 1, and whatever lies beyond."""
    every = rows[["mean", "low", "high"]].to_numpy(dtype=float)
    ends = [0.0, 1.0, *every[np.isfinite(every)], *rows["chance"]]
    return float(np.nanmin(ends)), float(np.nanmax(ends))
