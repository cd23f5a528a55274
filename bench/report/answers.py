"""The plain answer on top of the page: per pathology and network, which methods lead each ranking."""

from dataclasses import dataclass

import pandas as pd

from bench.report.comparisons import BASELINE, EVERY_CONTROL, LEVEL
from bench.report.drawn import Drawn
from bench.report.study import Headline

#: what a ranking asks, in words a reader brings along
QUESTIONS = {"anatomy": "where the pathology is", "faithfulness": "what the network uses"}


@dataclass(frozen=True)
class Clause:
    """One ranking on one network in one scope: its leaders, and which declared comparisons the ranked methods pass.

    row: the leader's row in leaderboard.csv, -1 where nothing is ranked. control: the best control, "" without any.
    short: methods not shown to beat every control. above: methods shown to be better than the baseline; None where that
    was not run. ranked: how many methods are.
    """

    headline: Headline
    network: str
    leaders: list[str]
    row: int
    control: str
    short: list[str]
    above: list[str] | None
    ranked: int
    below_gate: bool

    @property
    def question(self) -> str:
        """What the ranking asks."""
        return QUESTIONS.get(self.headline.ranking, self.headline.ranking)


def clause(source: Drawn, headline: Headline, network: str, scope: str) -> Clause:
    """The answer of one contest, read off its rows in leaderboard.csv and comparisons.csv."""
    board = source.board(headline.ranking, network, scope)
    ranked = board[board["rank"] != ""]
    leaders = ranked[ranked["rank"].astype(str) == "1"]
    below = bool((board["status"] == "below gate").any())
    if leaders.empty:
        return Clause(headline, network, [], -1, "", [], None, 0, below)
    claims = source.contest("comparisons", headline.ranking, network, scope)
    first, control = int(leaders.index[0]), str(leaders.iloc[0]["control"])
    beating, above = (_better(claims, against) for against in (EVERY_CONTROL, BASELINE))
    short = [name for name in ranked["method"] if control and name not in beating]
    better = [name for name in ranked["method"] if name in above] if (claims["against"] == BASELINE).any() else None
    return Clause(headline, network, list(leaders["method"]), first, control, short, better, len(ranked), below)


def _better(claims: pd.DataFrame, against: str) -> set[str]:
    """The methods whose comparison is shown, all comparisons of its contest counted."""
    return set(claims["method"][(claims["against"] == against) & (claims["p_adjusted"] <= LEVEL)])


def clauses(source: Drawn, scope: str) -> list[Clause]:
    """The clauses of a scope, the main network first; networks without any score there are left out."""
    main = source.study.main_network
    networks = sorted(source.study.networks, key=lambda name: name != main)
    return [
        clause(source, headline, network, scope)
        for network in networks
        for headline in source.study.headlines
        if not source.board(headline.ranking, network, scope).empty
    ]


def sentence(source: Drawn) -> str:
    """Best and worst ranked method of the first ranking on every network, in one line of text."""
    if source.headline is None:
        return "no ranking: none of its metrics was chosen"
    parts = []
    for network in source.study.networks:
        board = source.board(source.headline.ranking, network)
        ranked = board[board["rank"] != ""]
        parts.append(f"{network}: {_ends(ranked) if len(ranked) else 'nothing ranked'}")
    preview = next((text for text in source.tables["leaderboard"]["preview"] if text), "")
    note = f" [{preview}]" if preview else ""
    return f"{source.headline.ranking} ({source.headline.metric}) {'; '.join(parts)}{note}"


def _ends(ranked: pd.DataFrame) -> str:
    best, worst = ranked.iloc[0], ranked.iloc[-1]
    return f"best {best['method']} {best['mean']:.2f}, worst {worst['method']} {worst['mean']:.2f}"
