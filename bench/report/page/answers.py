"""The plain answer on top of the page: per pathology and network, which methods lead each ranking."""

from dataclasses import dataclass
from itertools import product

import pandas as pd

from bench.report.load.results import Ranking
from bench.report.rankings.comparisons import CONTROLS, EVERY_CONTROL, LEVEL, METHODS
from bench.report.rankings.contest import NOT_RANKABLE
from bench.report.rankings.ranked_results import RankedResults

#: what a ranking asks, in words a reader brings along
QUESTIONS = {"anatomy": "where the pathology is", "faithfulness": "what the network uses"}
#: contests that the one line of text names
SPOKEN = 6


@dataclass(frozen=True)
class Clause:
    """One ranking on one network in one scope: its leaders, and which declared comparisons the ranked methods pass.

    row: the leader's row in leaderboard.csv, -1 where nothing is ranked. control: the best control, "" without any.
    short: methods not shown to beat every control; None where nobody declared that. above: the methods shown to be
    better than each that all were to be better than. ranked: how many methods are.
    """

    headline: Ranking
    network: str
    leaders: list[str]
    row: int
    control: str
    short: list[str] | None
    above: dict[str, list[str]]
    ranked: int
    below_gate: bool
    not_rankable: bool = False

    @property
    def question(self) -> str:
        """The question of the ranking in plain words."""
        return QUESTIONS.get(self.headline.ranking, self.headline.ranking)


def clause(source: RankedResults, headline: Ranking, network: str, scope: str) -> Clause:
    """The answer of one contest, read off its rows in leaderboard.csv and comparisons.csv."""
    board = source.board(headline.ranking, network, scope)
    ranked = board[board["rank"] != ""]
    leaders = ranked[ranked["rank"].astype(str) == "1"]
    below, useless = (bool((board["status"] == why).any()) for why in ("below gate", NOT_RANKABLE))
    if leaders.empty:
        return Clause(headline, network, [], -1, "", None, {}, 0, below, useless)
    claims = source.contest("comparisons", headline.ranking, network, scope)
    first, control = int(leaders.index[0]), str(leaders.iloc[0]["control"])
    declared = source.results.against.get(METHODS, [])
    beating = _better(claims, EVERY_CONTROL, ranked["method"]) if CONTROLS in declared and control else None
    short = None if beating is None else [name for name in ranked["method"] if name not in beating]
    run = [name for name in declared if name != CONTROLS and (claims["against"] == name).any()]
    above = {name: _better(claims, name, ranked["method"]) for name in run}
    return Clause(headline, network, list(leaders["method"]), first, control, short, above, len(ranked), below)


def _better(claims: pd.DataFrame, against: str, ranked: pd.Series) -> list[str]:
    """The ranked methods whose comparison is shown, all comparisons of its contest counted."""
    better = set(claims["method"][(claims["against"] == against) & (claims["p_adjusted"] <= LEVEL)])
    return [name for name in ranked if name in better]


def clauses(source: RankedResults, scope: str) -> list[Clause]:
    """The clauses of a scope, the main network first; networks without any score there are left out."""
    return [
        clause(source, headline, network, scope)
        for network in source.results.networks_by_strength
        for headline in source.results.headlines
        if not source.board(headline.ranking, network, scope).empty
    ]


def sentence(source: RankedResults) -> str:
    """Best and worst ranked method of the first ranking by network and group, in one line of text."""
    if source.headline is None:
        return "no ranking: none of its metrics was chosen"
    parts = []
    for network, group in product(source.results.networks, source.results.groups):
        board = source.board(source.headline.ranking, network, group)
        ranked = board[board["rank"] != ""]
        parts.append(f"{network}, {group}: {_ends(ranked) if len(ranked) else 'nothing ranked'}")
    preview = next((text for text in source.tables["leaderboard"]["preview"] if text), "")
    note = f" [{preview}]" if preview else ""
    rest = f"; and {len(parts) - SPOKEN} more, on the page" if len(parts) > SPOKEN else ""
    return f"{source.headline.ranking} ({source.headline.metric}) {'; '.join(parts[:SPOKEN])}{rest}{note}"


def _ends(ranked: pd.DataFrame) -> str:
    best, worst = (f"{row['method']} {row['mean']:.2f}" for _, row in ranked.iloc[[0, -1]].iterrows())
    if len(ranked) > 1 and (ranked["rank"].astype(str) == "1").all():
        return f"no method shown better than another, {best} to {worst}"
    return f"best {best}, worst {worst}"
