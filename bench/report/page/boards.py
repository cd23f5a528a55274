"""Ranking tables of the page, as row numbers of the tables that they show."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from bench.report.load.results import Ranking
from bench.report.rankings import floors
from bench.report.rankings.ranked_results import RankedResults
from bench.report.rankings.statuses import NOT_RANKABLE


@dataclass(frozen=True)
class Board:
    """One ranking table: a headline on a network and a group of simulators.

    scopes: the group, then its simulators where it has several. below_gate, not_rankable: scopes in which no model
    passed, and in which no method is shown to beat what sees no model. rows: per method its row in leaderboard.csv by
    scope. claims: the group's rows of comparisons.csv. concordance: its row of concordance.csv. floors: columns of
    leaderboard.csv, of those that a score must be held against, that hold any value. elsewhere: whether subjects that
    the ranking leaves out have values.
    """

    headline: Ranking
    network: str
    group: str
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


@dataclass(frozen=True)
class Overview:
    """A ranking on a network over its groups: what they share.

    groups: those with rows in leaderboard.csv. rows: per method its row of across_groups.csv and its rows of
    leaderboard.csv by group. agreement: the row of agreement.csv.
    """

    groups: list[str]
    rows: list[tuple[int, dict[str, int]]]
    agreement: int


def boards(source: RankedResults) -> dict[tuple[str, str], list[Board]]:
    """(ranking, network) -> its tables by group, by ranking, the main network first."""
    networks, groups = source.results.networks_by_strength, source.results.groups
    return {
        (headline.ranking, network): [_board(source, headline, network, group) for group in held]
        for headline in source.results.headlines
        for network in networks
        if (held := [group for group in groups if len(source.board(headline.ranking, network, group))])
    }


def across_groups(source: RankedResults, tables: list[Board]) -> Overview | None:
    """What the groups of one ranking and network share; None where fewer than two of them rank anything."""
    where = tables[0].headline.ranking, tables[0].network
    agreement, over = source.ranking("agreement", *where), source.ranking("across_groups", *where)
    if agreement["n_groups"].item() < 2:
        return None
    names = source.tables["leaderboard"]["method"]
    row_of = {t.group: {names[row[t.group]]: row[t.group] for row in t.rows} for t in tables}
    numbered = zip(over.index.astype(int).tolist(), over["method"], strict=True)
    rows = [(number, {group: mine[name] for group, mine in row_of.items()}) for number, name in numbered]
    # as the first group has them, best first
    rows.sort(key=lambda row: row[1][tables[0].group])
    return Overview([table.group for table in tables], rows, int(agreement.index[0]))


def _board(source: RankedResults, headline: Ranking, network: str, group: str) -> Board:
    where = headline.ranking, network
    members = source.results.groups[group]
    contests = {scope: source.board(*where, scope) for scope in [group, *(members if len(members) > 1 else [])]}
    scopes = [scope for scope, rows in contests.items() if len(rows)]
    row_of = {s: dict(zip(contests[s]["method"], contests[s].index.astype(int).tolist(), strict=True)) for s in scopes}
    rows = [{scope: row_of[scope][method] for scope in scopes} for method in contests[group]["method"]]
    below, useless = (
        [s for s in scopes if (contests[s]["status"] == why).any()] for why in ("below gate", NOT_RANKABLE)
    )
    claims = source.contest("comparisons", *where, group).index.astype(int).tolist()
    concordance = int(source.contest("concordance", *where, group).index[0])
    measured = [name for name in ("native_ceiling", *floors.NUMBERS) if contests[group][name].notna().any()]
    elsewhere = bool(contests[group]["elsewhere"].notna().any())
    numbers = measured, elsewhere, *_ends(source, headline, contests[group])
    return Board(headline, network, group, scopes, rows, below, useless, claims, concordance, *numbers)


def _ends(source: RankedResults, headline: Ranking, rows: pd.DataFrame) -> tuple[float, float]:
    """Ends of the interval drawing: 0 to 1, and whatever lies beyond."""
    every = rows[["mean", "low", "high"]].to_numpy(dtype=float)
    ends = [0.0, 1.0, *every[np.isfinite(every)], *rows["chance"]]
    return float(np.nanmin(ends)), float(np.nanmax(ends))
