"""Tables of a study for papers: every file as Markdown and LaTeX, value by value, and the short ranking."""

import re

import pandas as pd
import pytest
from fences import ROOT

from bench.cli import main
from bench.report import BadTables, as_text
from bench.report.readme import leaderboard

QUICK, MOVING = (ROOT / "results" / "published" / name for name in ("quick", "moving"))
#: all but those of a hundred thousand rows, which are of the same kind as others
NAMES = sorted(
    path.stem for kind in ("csv", "parquet") for path in QUICK.glob(f"*.{kind}") if path.stat().st_size < 2**19
)


def cells_of(text, kind):
    """The cells of a table, as far as no cell holds the mark between two."""
    if kind == "md":
        lines = [line for line in text.splitlines() if set(line) - set("| -")]
        return [[c.replace(r"\|", "|").strip() for c in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    lines = [line.removesuffix(r" \\") for line in text.splitlines() if line.endswith(r" \\")]
    lines = [re.sub(r"(?<!\\)\$-\$", "-", line) for line in lines]
    return [[re.sub(r"\\([&%$#_{}])", r"\1", cell).strip() for cell in re.split(r"(?<!\\)&", line)] for line in lines]


@pytest.mark.parametrize("kind", ["md", "tex"])
def test_a_table_has_every_value_as_its_file_spells_it(kind):
    head, *rows = cells_of(as_text(QUICK, f"leaderboard.{kind}"), kind)
    table = pd.read_csv(QUICK / "leaderboard.csv", dtype=str, keep_default_na=False)
    assert head == list(table.columns) and rows == table.to_numpy().tolist()


@pytest.mark.parametrize("name", NAMES)
def test_every_table_can_be_had(name):
    markdown, latex = (as_text(QUICK, f"{name}.{kind}").splitlines() for kind in ("md", "tex"))
    assert len(markdown) - 2 == len(latex) - 6


def test_the_short_table_is_that_of_the_readme():
    assert as_text(QUICK, "ranking.md") == leaderboard(QUICK)
    latex = as_text(QUICK, "ranking.tex")
    assert (
        r"\textbf{1=} " in as_text(MOVING, "ranking.tex")
        and r"\texttt{guided\_backprop}" in latex
        and r"\emph{random}" in latex
    )
    assert latex.count(r" \\") == len(leaderboard(QUICK).splitlines()) - 1
    assert not re.search(r"(?<!\\)[_%#]", latex)


def test_what_latex_reads_as_a_command_is_escaped(tmp_path):
    (tmp_path / "odd.csv").write_text('name\n"50 % of a_b & {c} \\\\ x^2 ~ $1 #2"\n')
    (line,) = [line for line in as_text(tmp_path, "odd.tex").splitlines() if "50" in line]
    written = r"50 \% of a\_b \& \{c\} \textbackslash{}\textbackslash{} x\textasciicircum{}2 \textasciitilde{} \$1 \#2"
    assert line == written + r" \\"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("-0.10 [-0.25, 0.05]", "$-$0.10 [$-$0.25, 0.05]"),
        ("-inf", "$-$inf"),
        ("-1e-05", "$-$1e-05"),
        ("2026-11-29", "2026-11-29"),
        ("white-matter, CNN-3", "white-matter, CNN-3"),
    ],
)
def test_numbers_below_nothing_have_a_minus_in_latex_and_names_keep_their_hyphens(tmp_path, value, written):
    (tmp_path / "odd.csv").write_text(f'value\n"{value}"\n')
    assert as_text(tmp_path, "odd.tex").splitlines()[4] == written + r" \\"


def test_a_table_that_is_none_is_refused_with_those_there_are():
    with pytest.raises(BadTables, match=r"no table 'leaderbord'; tables are .*leaderboard.*ranking"):
        as_text(QUICK, "leaderbord.md")


def test_the_verb_prints_it(tmp_path, capsys):
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "quick").symlink_to(QUICK)
    assert main(["show", "ranking.md", "study=quick", f"paths.results={tmp_path / 'results'}"]) == 0
    assert capsys.readouterr().out == leaderboard(QUICK) + "\n"
