"""Tables of a study as texts for papers: Markdown and LaTeX."""

import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from bench.report.load.files import BadTables, parquet_as_texts, untyped
from bench.report.readme import as_markdown, leaderboard

#: the name of the table of a README, a row a method, beside those of the files
RANKING = "ranking"
_LATEX = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
_LATEX |= {letter: f"\\{letter}" for letter in "&%$#_{}"}
#: marks of Markdown in the tables of READMEs
_MARKS = {r"\*\*(.+?)\*\*": r"\\textbf{\1}", r"\*(.+?)\*": r"\\emph{\1}", r"`(.+?)`": r"\\texttt{\1}"}


def as_text(folder: Path, asked: str) -> str:
    """A table as `NAME.md` or `NAME.tex`: of the file NAME.csv or NAME.parquet, digit by digit, or `ranking`.

    Raises:
        BadTables: where there is no such table.
    """
    name, _, kind = asked.rpartition(".")
    if name == RANKING:
        marked = [line.strip("| ").split(" | ") for line in leaderboard(folder).splitlines()]
        return FORMATS[kind](marked[0], marked[2:], True)
    table = _table(folder, name)
    return FORMATS[kind](list(table.columns), table.to_numpy().tolist(), False)


def _table(folder: Path, name: str) -> pd.DataFrame:
    """A table whose values are as the file spells them."""
    if (csv := folder / f"{name}.csv").is_file():
        return untyped(csv, dtype=str, keep_default_na=False)
    if (parquet := folder / f"{name}.parquet").is_file():
        return parquet_as_texts(parquet)
    known = sorted({path.stem for kind in ("csv", "parquet") for path in folder.glob(f"*.{kind}")} | {RANKING})
    raise BadTables(f"{folder} has no table '{name}'; tables are {', '.join(known)}")


def _markdown(head: list[str], rows: list[list[str]], marked: bool) -> str:
    escaped = [[cell if marked else cell.replace("|", r"\|") for cell in row] for row in (head, *rows)]
    return as_markdown(escaped[0], escaped[1:])


def _latex(head: list[str], rows: list[list[str]], marked: bool) -> str:
    """A tabular with the rules of booktabs; numbers are set as text, so that no digit is lost."""
    lines = [" & ".join(_in_latex(cell, marked) for cell in row) + r" \\" for row in (head, *rows)]
    begin, end = f"\\begin{{tabular}}{{{'l' * len(head)}}}", r"\end{tabular}"
    return "\n".join([begin, r"\toprule", lines[0], r"\midrule", *lines[1:], r"\bottomrule", end])


def _in_latex(text: str, marked: bool) -> str:
    escaped = "".join(_LATEX.get(letter, letter) for letter in text)
    for mark, command in _MARKS.items() if marked else ():
        escaped = re.sub(mark, command, escaped)
    return escaped


FORMATS: dict[str, Callable[[list[str], list[list[str]], bool], str]] = {"md": _markdown, "tex": _latex}
