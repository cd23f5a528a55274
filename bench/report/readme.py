"""Tables of published studies in README files, written between their markers by `publish` and never by hand.

A README says where: `<!-- KIND:STUDY -->` and `<!-- /KIND:STUDY -->` on lines of their own, KIND a name of `TABLES`.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from bench.columns.metric_names import MetricName
from bench.report.load.files import untyped
from bench.report.load.results import groups_of
from bench.report.rankings import refusals
from bench.report.rankings.statuses import NOT_RANKABLE, ONLY_PREVIEW

#: what two decimals show as nothing
ROUNDED = 0.005
TRIVIAL, TWINS = "trivial observer", "twins"
AUDITS = {TRIVIAL, TWINS}


def leaderboard(folder: Path) -> str:
    """One row per method: its rank and mean with interval in each ranking, on each network and group past the gate."""
    board = untyped(folder / "leaderboard.csv", dtype={"rank": "Int64"}, keep_default_na=True)
    board = board[board["simulator"].isin(groups_of(untyped(folder / "simulators.csv")))]
    keys = ["ranking", "network", "simulator"]
    passed = board[~board["status"].isin(["below gate", *refusals.WORDS])]
    # what is ranked stands first
    ordered = pd.concat([passed[passed["status"] != NOT_RANKABLE], passed])
    contests = list(ordered[keys].drop_duplicates().itertuples(index=False, name=None))
    useless = set(board[board["status"] == NOT_RANKABLE][keys].itertuples(index=False, name=None))
    cells = {(row.method, row.ranking, row.network, row.simulator): _cell(row) for row in board.itertuples()}
    roles = dict(zip(board["method"], board["role"], strict=True))
    rows = [
        [
            f"`{method}`" if roles[method] == "method" else f"*{method}*",
            *(cells.get((method, *contest), "") for contest in contests),
        ]
        for method in dict.fromkeys([*ordered["method"], *board["method"]])
    ]
    metrics = untyped(folder / "metrics.csv")
    declared = set(metrics["metric"][metrics["chance"].notna()])
    chances = {
        (row.ranking, row.network, row.simulator): _chance(row, declared)
        for row in board.drop_duplicates(keys).itertuples()
    }
    heads = [
        f"{ranking}, `{network}`, {group}, {chances[ranking, network, group]}"
        + f" ({NOT_RANKABLE})" * ((ranking, network, group) in useless)
        for ranking, network, group in contests
    ]
    return as_markdown(["method", *heads], rows)


def simulators(folder: Path) -> str:
    """One row per simulator with audits that did not fail and a model past its gate: the results of each."""
    return _simulators(folder, lambda audits: not (audits["verdict"] == "failed").any())


def told_globally(folder: Path) -> str:
    """The same of simulators whose label global statistics tell too well, and nothing but the disease."""
    return _simulators(folder, lambda audits: set(audits.index[audits["verdict"] == "failed"]) == {TRIVIAL})


def _simulators(folder: Path, belongs: Callable[[pd.DataFrame], bool]) -> str:
    models, audits = untyped(folder / "models.csv"), untyped(folder / "simulator_audits.csv")
    passed = models[models["passed"]].sort_values("competence_low", ascending=False)
    rows = []
    for name in dict.fromkeys(models["simulator"]):
        competent, audited = passed[passed["simulator"] == name], audits[audits["simulator"] == name].set_index("audit")
        if len(competent) and set(audited.index) >= AUDITS and belongs(audited):
            best = competent.iloc[0]
            rows.append([f"`{name}`", *_separable(best), *_audited(audited), *_competent(best)])
    head = ["simulator", "AUC asked", "reached", "trivial observer", "twins against controls", "competent model"]
    return as_markdown([*head, "its AUC", "trained on"], rows)


def networks_past_gate(folder: Path) -> str:
    """One row per network, one column per simulator: models past the gate of all, and their mean AUC."""
    models = untyped(folder / "models.csv")
    names = list(dict.fromkeys(models["simulator"]))
    groups = dict(list(models.groupby(["network", "simulator"])))
    rows = []
    for network in dict.fromkeys(models["network"]):
        rows.append([f"`{network}`", *(_gated(groups.get((network, name))) for name in names)])
    return as_markdown(["network", *(f"`{name}`" for name in names)], rows)


def mechanisms(folder: Path) -> str:
    """One row per method, one column per mechanism: the share that is wrong, of its own question / of the subject's."""
    table = untyped(folder / "mechanisms.csv")
    means = table.groupby(["method", "mechanism", "question"])["wrong"].mean()
    names = list(dict.fromkeys(table["mechanism"]))
    rows = []
    for method in dict.fromkeys(table["method"]):
        pairs = [[means.get((method, name, question)) for question in ("own", "subject")] for name in names]
        rows.append([f"`{method}`", *(" / ".join(_wrong(value) for value in pair) for pair in pairs)])
    return as_markdown(["method", *(f"`{name}`" for name in names)], rows)


TABLES: dict[str, Callable[[Path], str]] = {
    "table": leaderboard,
    "simulators": simulators,
    "told": told_globally,
    "networks": networks_past_gate,
    "mechanisms": mechanisms,
}


def update(readme: Path, study: str, folder: Path) -> bool:
    """Write the tables of a published study, from its folder, where the README has markers; whether it has any."""
    text = before = readme.read_text()
    for kind, make in TABLES.items():
        begin, end = f"<!-- {kind}:{study} -->\n", f"<!-- /{kind}:{study} -->"
        if begin in text and end in text:
            head, rest = text.split(begin, 1)
            text = head + begin + make(folder) + "\n" + end + rest.split(end, 1)[1]
    if text != before:
        readme.write_text(text)
    return any(f"<!-- {kind}:{study} -->" in text for kind in TABLES)


def _wrong(value: float | None) -> str:
    return "–" if value is None or pd.isna(value) else "0" if value < ROUNDED else f"{value:.2f}"


def _separable(model: Any) -> list[str]:
    interval = f" [{model.separability_low:.3f}, {model.separability_high:.3f}]"
    return [f"{model.separability_asked:g}", f"{model.separability_reached:.3f}{interval}"]


def _audited(audits: pd.DataFrame) -> list[str]:
    rows = [audits.loc[audit] for audit in sorted(AUDITS)]
    return [f"{row.auc:.3f} [{row.low:.3f}, {row.high:.3f}] {row.verdict}" for row in rows]


def _competent(model: Any) -> list[str]:
    return [
        f"`{model.network}`",
        f"{model.auc:.3f}",
        f"{int(model.train_subjects)} subjects x {int(model.epochs)} epochs",
    ]


def _gated(group: pd.DataFrame | None) -> str:
    if group is None:
        return ""
    return f"{int(group['passed'].sum())} of {len(group)}, {group['auc'].mean():.2f}"


def _cell(row: Any) -> str:
    rank = "" if pd.isna(row.rank) else f"**{row.rank}{'=' if row.tied else ''}** "
    if pd.isna(row.mean):
        return str(row.status)
    interval = "" if pd.isna(row.low) else f" [{_two(row.low)}, {_two(row.high)}]"
    note = "" if row.status in ("ok", ONLY_PREVIEW, NOT_RANKABLE) else f" ({row.status})"
    return f"{rank}{_two(row.mean)}{interval}{note}"


def _chance(row: Any, declared: set[str]) -> str:
    """What maps that know nothing score: chance as the metric declares it, or else what the constant map has."""
    if pd.isna(row.chance):
        return "chance not known"
    return f"{'chance' if MetricName.of(row.metric).metric in declared else 'constant map'} {_two(row.chance)}"


def _two(value: float) -> str:
    """Two decimals, without a minus before zero."""
    return f"{round(value, 2) + 0.0:.2f}"


def as_markdown(head: list[str], rows: list[list[str]]) -> str:
    """A table in Markdown, its cells as they are."""
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (head, ["---"] * len(head), *rows))
