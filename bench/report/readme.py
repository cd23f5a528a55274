"""The README's table of a study, written between its markers by `publish` and never by hand."""

from pathlib import Path
from typing import Any

import pandas as pd


def table(folder: Path) -> str:
    """A Markdown table of a published study: one row a method, its rank and mean with interval in each ranking."""
    board = pd.read_csv(folder / "leaderboard.csv", dtype={"rank": "Int64"}, keep_default_na=True)
    board = board[board["simulator"] == "all"]
    contests = list(dict.fromkeys(zip(board["network"], board["ranking"], strict=True)))
    cells = {(row.method, row.network, row.ranking): _cell(row) for row in board.itertuples()}
    head = ["method", *(f"{ranking}, `{network}`" for network, ranking in contests)]
    methods = dict.fromkeys(board["method"])
    roles = dict(zip(board["method"], board["role"], strict=True))
    lines = [_line(head), _line(["---"] * len(head))]
    for method in methods:
        name = f"`{method}`" if roles[method] == "method" else f"*{method}*"
        lines.append(_line([name, *(cells.get((method, n, r), "") for n, r in contests)]))
    return "\n".join(lines)


def update(readme: Path, folder: Path) -> bool:
    """Put a study's table between `<!-- table:NAME -->` and `<!-- /table:NAME -->`; False where they are missing."""
    begin, end = f"<!-- table:{folder.name} -->\n", f"<!-- /table:{folder.name} -->"
    text = readme.read_text()
    if begin not in text or end not in text:
        return False
    before, rest = text.split(begin, 1)
    after = rest.split(end, 1)[1]
    readme.write_text(before + begin + table(folder) + "\n" + end + after)
    return True


def _cell(row: Any) -> str:
    rank = "" if pd.isna(row.rank) else f"**{row.rank}{'=' if row.tied else ''}** "
    if pd.isna(row.mean):
        return str(row.status)
    interval = "" if pd.isna(row.low) else f" [{_two(row.low)}, {_two(row.high)}]"
    note = "" if row.status == "ok" else f" ({row.status})"
    return f"{rank}{_two(row.mean)}{interval}{note}"


def _two(value: float) -> str:
    """Two decimals, without a minus before zero."""
    return f"{round(value, 2) + 0.0:.2f}"


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"
