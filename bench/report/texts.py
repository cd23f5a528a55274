"""Tables of a study as texts for papers: Markdown and LaTeX."""

import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from bench.report.design import designed
from bench.report.load import whole
from bench.report.load.files import BadTables, parquet_as_texts, untyped
from bench.report.readme import as_markdown, leaderboard

#: tables beside those of the files: of a README, a row a method; of what was simulated, trained and explained
MADE: dict[str, Callable[[Path], str]] = {"ranking": leaderboard, "design": designed}
#: tables that a paper prints, in the folder of the figures
PRINTED = ("ranking", "design", "proxies")
_LATEX = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
_LATEX |= {letter: f"\\{letter}" for letter in "&%$#_{}"}
#: marks of Markdown in the tables of READMEs
_MARKS = {r"\*\*(.+?)\*\*": r"\\textbf{\1}", r"\*(.+?)\*": r"\\emph{\1}", r"`(.+?)`": r"\\texttt{\1}"}
#: the sign of a number: neither a hyphen in a name nor that of a date or an exponent
_MINUS = r"(?<![\w.)-])-(?=\.?\d|inf\b)"


def as_text(folder: Path, asked: str) -> str:
    """A table as `NAME.md` or `NAME.tex`: of the file NAME.csv or NAME.parquet, digit by digit, or one of `MADE`.

    Raises:
        BadTables: where there is no such table.
    """
    name, _, kind = asked.rpartition(".")
    if name in MADE:
        marked = [line.removeprefix("| ").removesuffix(" |").split(" | ") for line in MADE[name](folder).splitlines()]
        return FORMATS[kind](marked[0], marked[2:], True)
    table = _table(folder, name)
    return FORMATS[kind](list(table.columns), table.to_numpy().tolist(), False)


def write_printed(folder: Path) -> list[Path]:
    """Write the tables that a paper prints as `figures/table_NAME.md` and `.tex`; returns the files."""
    (folder / "figures").mkdir(exist_ok=True)
    written = []
    for name in PRINTED:
        for kind in FORMATS:
            path = folder / "figures" / f"table_{name}.{kind}"
            whole.write(path, f"{as_text(folder, f'{name}.{kind}')}\n".encode())
            written.append(path)
    return written


def _table(folder: Path, name: str) -> pd.DataFrame:
    """A table whose values are as the file spells them."""
    if (csv := folder / f"{name}.csv").is_file():
        return untyped(csv, dtype=str, keep_default_na=False)
    if (parquet := folder / f"{name}.parquet").is_file():
        return parquet_as_texts(parquet)
    known = sorted({path.stem for kind in ("csv", "parquet") for path in folder.glob(f"*.{kind}")} | {*MADE})
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
    return re.sub(_MINUS, "$-$", escaped)


FORMATS: dict[str, Callable[[list[str], list[list[str]], bool], str]] = {"md": _markdown, "tex": _latex}
