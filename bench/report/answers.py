"""The plain answer on top of the page: per pathology and network, which methods lead each ranking."""

from dataclasses import dataclass

import pandas as pd

from bench.report.drawn import Drawn
from bench.report.study import Headline

#: what a ranking asks, in words a reader brings along
QUESTIONS = {"anatomy": "where the pathology is", "faithfulness": "what the network uses"}


@dataclass(frozen=True)
class Clause:
    """One ranking on one network in one scope: its leaders, and the methods not shown to beat the best control.

    row: the leader's row in leaderboard.csv, -1 where nothing is ranked. control: the best control, "" without any.
    """

    headline: Headline
    network: str
    leaders: list[str]
    row: int
    control: str
    beaten: bool
    short: list[str]
    below_gate: bool

    @property
    def question(self) -> str:
        """What the ranking asks."""
        return QUESTIONS.get(self.headline.ranking, self.headline.ranking)


def clause(source: Drawn, headline: Headline, network: str, scope: str) -> Clause:
    """The answer of one contest, read off its leaderboard rows."""
    board = source.board(headline.ranking, network, scope)
    ranked = board[board["rank"] != ""]
    leaders = ranked[ranked["rank"].astype(str) == "1"]
    below = bool((board["status"] == "below gate").any())
    if leaders.empty:
        return Clause(headline, network, [], -1, "", False, [], below)
    short = ranked[~(ranked["gain_low"] > 0) & (ranked["control"] != "")]
    first = leaders.iloc[0]
    row = int(leaders.index[0])
    names = list(leaders["method"])
    beaten = bool(first["gain_low"] > 0)
    return Clause(headline, network, names, row, str(first["control"]), beaten, list(short["method"]), below)


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
