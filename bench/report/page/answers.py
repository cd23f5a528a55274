"""The plain answer on the page and on the terminal: per pathology and network, which methods lead each ranking."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import pandas as pd

from bench.report.load.results import Ranking
from bench.report.page.numbers import formatted
from bench.report.rankings import refusals
from bench.report.rankings.comparisons import CONTROLS, EVERY_CONTROL, LEVEL, METHODS
from bench.report.rankings.ranked_results import RankedResults
from bench.report.rankings.statuses import BELOW_GATE, NO_INTERVAL, NOT_RANKABLE, ONLY_PREVIEW, UNSURE

#: what a ranking asks, in words a reader brings along
QUESTIONS = {"anatomy": "where the pathology is", "faithfulness": "what the network uses"}
#: sentences that the terminal shows
SPOKEN = 12


@dataclass(frozen=True)
class Clause:
    """One ranking on one network in one scope: its leaders, and which declared comparisons the ranked methods pass.

    row: the row in leaderboard.csv of the leader, or of the highest mean where nothing is ranked, -1 without any value.
    why: the reason that nothing is ranked, "" where something is. unsure: rows of the methods that have means and no
    intervals, the highest first. control: the best control, "" without any. oracle: whether one has a value. short:
    methods not shown to beat every control; None where nobody declared that. above: the methods shown to be better than
    each that all were to be better than. ranked: how many methods are, which the row in concordance.csv says too.
    declared: whether the metric declares what chance is.
    """

    headline: Ranking
    network: str
    scope: str
    row: int = -1
    why: str = ""
    leaders: list[str] = field(default_factory=list)
    unsure: list[int] = field(default_factory=list)
    control: str = ""
    oracle: bool = False
    short: list[str] | None = None
    above: dict[str, list[str]] = field(default_factory=dict)
    ranked: int = 0
    declared: bool = False
    concordance: int = -1

    @property
    def question(self) -> str:
        """The question of the ranking in plain words."""
        return QUESTIONS.get(self.headline.ranking, self.headline.ranking)


def clause(source: RankedResults, headline: Ranking, network: str, scope: str) -> Clause:
    """The answer of one contest, read off its rows in leaderboard.csv and comparisons.csv."""
    board = source.board(headline.ranking, network, scope)
    with_value = board[board["mean"].notna()]
    row = int(with_value.index[0]) if len(with_value) else -1
    unsure = board.index[board["status"].isin(UNSURE) & (board["role"] == "method")].astype(int).tolist()
    oracle = bool((with_value["role"] == "oracle").any())
    best, by_metric = str(board.iloc[0]["control"]), source.results.declares_chance(headline.metric)
    contest = Clause(headline, network, scope, row, unsure=unsure, control=best, oracle=oracle, declared=by_metric)
    ranked = board[board["rank"] != ""]
    leaders = ranked[ranked["rank"].astype(str) == "1"]
    if leaders.empty:
        return replace(contest, why=_why(board))
    claims = source.contest("comparisons", headline.ranking, network, scope)
    declared = source.results.against.get(METHODS, [])
    beating = _better(claims, EVERY_CONTROL, ranked["method"]) if CONTROLS in declared and contest.control else None
    short = None if beating is None else [name for name in ranked["method"] if name not in beating]
    run = [name for name in declared if name != CONTROLS and (claims["against"] == name).any()]
    above = {name: _better(claims, name, ranked["method"]) for name in run}
    first, names = int(leaders.index[0]), list(leaders["method"])
    agreed = int(source.contest("concordance", headline.ranking, network, scope).index[0])
    return replace(contest, row=first, leaders=names, short=short, above=above, ranked=len(ranked), concordance=agreed)


def _better(claims: pd.DataFrame, against: str, ranked: pd.Series) -> list[str]:
    """The ranked methods whose comparison is shown, all comparisons of its contest counted."""
    better = set(claims["method"][(claims["against"] == against) & (claims["p_adjusted"] <= LEVEL)])
    return [name for name in ranked if name in better]


def _why(board: pd.DataFrame) -> str:
    """The reason that no method of a contest is ranked; where several hold, what comes first makes the others moot."""
    methods = board[board["role"] == "method"]
    if methods.empty:
        return "no method was run, only controls and oracles"
    if methods["mean"].isna().all():
        first = methods.iloc[0]
        return f"no method has a value ({first['status']}: {first['reason']})"
    if (board["status"] == BELOW_GATE).any():
        return "no model reached the competence gate, so its maps are shown but not ranked"
    if (board["status"] == NOT_RANKABLE).any():
        return "not rankable: no method is shown to beat the controls that see no model"
    for status in UNSURE:
        if (methods["status"] == status).any():
            return status
    states = dict.fromkeys(status for status in methods["status"] if status not in refusals.WORDS)
    return f"no method is ranked, as all are {' or '.join(states)}"


def clauses(source: RankedResults, scope: str) -> list[Clause]:
    """The clauses of a scope, the main network first; networks without any score there are left out."""
    return [
        clause(source, headline, network, scope)
        for network in source.results.networks_by_strength
        for headline in source.results.headlines
        if not source.board(headline.ranking, network, scope).empty
    ]


class Teller(Protocol):
    """Names and numbers as a page or a terminal shows them; `form` is the type of text that they are."""

    form: Any

    def name(self, method: str) -> Any:
        """A method's name."""

    def label(self, name: str) -> Any:
        """The name of a metric."""

    def num(self, table: str, row: int, column: str) -> Any:
        """A number of a table."""

    def interval(self, table: str, row: int, why: str = "", stem: str = "") -> Any:
        """A mean with its interval."""

    def note(self, table: str, row: int, column: str) -> Any:
        """A remark of a table that is no part of the sentence."""


@dataclass(frozen=True)
class Terminal:
    """Names as they are typed, numbers as the page rounds them."""

    tables: dict[str, pd.DataFrame]
    form = str

    def name(self, method: str) -> str:
        """A method's name."""
        return method

    def label(self, name: str) -> str:
        """The name of a metric."""
        return name

    def num(self, table: str, row: int, column: str) -> str:
        """A number of a table."""
        return formatted(self.tables[table][column].iloc[row])

    def interval(self, table: str, row: int, why: str = "", stem: str = "") -> str:
        """A mean with its interval, where it has one."""
        ends = [f"{stem}_low", f"{stem}_high"] if stem else ["low", "high"]
        mean = self.num(table, row, stem or "mean")
        known = pd.notna(self.tables[table][ends[0]].iloc[row])
        return f"{mean} [{', '.join(self.num(table, row, end) for end in ends)}]" if known else mean

    def note(self, table: str, row: int, column: str) -> str:
        """A remark of a table, in brackets."""
        return f"[{self.tables[table][column].iloc[row]}]"


def told(c: Clause, board: pd.DataFrame, say: Teller) -> Any:
    """The sentences of a contest, the same wherever they are shown. board: the leaderboard."""
    parts = [found(c, board, say), *_compared(c, say), *_limits(c, board, say)]
    if c.row >= 0 and c.why == NO_INTERVAL and board["preview"].iloc[c.row]:
        parts.append(say.note("leaderboard", c.row, "preview"))
    return say.form(" ").join(parts)


def found(c: Clause, board: pd.DataFrame, say: Teller) -> Any:
    """Which method leads, or why none does: what follows a colon."""
    if c.why in UNSURE:
        return _unsure(c, board, say)
    if c.why:
        return say.form("{}.").format(c.why)
    score = say.form("{} {}").format(say.label(c.headline.metric), say.interval("leaderboard", c.row))
    if c.short is not None and c.leaders[0] not in c.short:
        gain = say.interval("leaderboard", c.row, stem="gain")
        score = say.form("{}, {} above the best control, {}").format(score, gain, say.name(c.control))
    if c.ranked == 1:
        only = "{} is the only method that is ranked, so none is called best: {}."
        return say.form(only).format(say.name(c.leaders[0]), score)
    highest = say.form("{} has the highest mean: {}.").format(say.name(c.leaders[0]), score)
    if len(c.leaders) == c.ranked:
        count = say.num("concordance", c.concordance, "n_ranked")
        level = "which method shows best {} cannot be told, as all {} that are ranked are tied; {}"
        return say.form(level).format(c.question, count, highest)
    if len(c.leaders) > 1:
        several = "{} may show best {}, as none of them is shown to be worse than another; {}"
        return say.form(several).format(_names(c.leaders, say, "or"), c.question, highest)
    return say.form("{} shows best {}: {}.").format(say.name(c.leaders[0]), c.question, score)


def _unsure(c: Clause, board: pd.DataFrame, say: Teller) -> Any:
    """The range of means that rank nobody, because they are a preview or have no intervals."""
    ends = [
        say.form("{} {}").format(
            say.name(board["method"].iloc[row]),
            say.interval("leaderboard", row) if c.why == ONLY_PREVIEW else say.num("leaderboard", row, "mean"),
        )
        for row in dict.fromkeys((c.unsure[0], c.unsure[-1]))
    ]
    mean = say.form("mean {} {}").format(say.label(c.headline.metric), say.form(" to ").join(ends))
    if c.why == ONLY_PREVIEW:
        return say.form("no method is ranked {}: {}.").format(say.note("leaderboard", c.unsure[0], "preview"), mean)
    seeds = int(board["n_data_seeds"].iloc[c.unsure[0]])
    of = f"{seeds} data seed{'s' * (seeds != 1)}"
    text = "without intervals ({} and the subjects behind it give none) no method is called best or tied: {}."
    return say.form(text).format(of, mean)


def _compared(c: Clause, say: Teller) -> list[Any]:
    """What is shown of the comparisons that the study declares."""
    sentences: list[Any] = []
    if c.short and len(c.short) == c.ranked:
        sentences.append("No method is shown to beat every control.")
    elif c.short:
        sentences.append(say.form("Not shown to beat every control: {}.").format(_names(c.short, say)))
    for other, methods in c.above.items():
        text = "Shown to be better than {}: {}." if methods else "No method is shown to be better than {}."
        sentences.append(say.form(text).format(say.name(other), _names(methods, say)))
    return sentences


def _limits(c: Clause, board: pd.DataFrame, say: Teller) -> list[Any]:
    """What the scores are to be held against: chance, controls and oracles, or that there are none."""
    if c.row < 0:
        return []
    known = pd.notna(board["chance"].iloc[c.row])
    chance = say.num("leaderboard", c.row, "chance") if known else "not known, as the constant map was not run"
    # where a metric declares no chance, the random control need not score what the constant map does
    text = "Chance is {}." if c.declared or not known else "The constant map has {}."
    sentences = [say.form(text).format(chance)]
    if not c.control:
        sentences.append("No control was run, so that nothing tells a score from one of a map that knows nothing.")
    if not c.oracle:
        sentences.append("No oracle was run, so that the highest score possible is not known.")
    return sentences


def _names(methods: Sequence[str], say: Teller, joint: str = "and") -> Any:
    """Names in a row, a word before the last."""
    *before, last = [say.name(name) for name in methods] or [""]
    return say.form(f" {joint} ").join([say.form(", ").join(before), last]) if before else last


def sentence(source: RankedResults) -> str:
    """What the page answers of every group, a line a ranking and network, for a terminal."""
    if source.headline is None:
        return "no ranking: none of its metrics was chosen"
    board, say = source.tables["leaderboard"], Terminal(source.tables)
    lines = [
        f"{c.headline.ranking}, {scope} on {c.network}: {told(c, board, say)}"
        for scope in source.results.groups
        for c in clauses(source, scope)
    ]
    rest = [f"and {len(lines) - SPOKEN} more, on the page"] if len(lines) > SPOKEN else []
    return "\n".join([*lines[:SPOKEN], *rest])
