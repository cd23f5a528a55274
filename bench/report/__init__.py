"""Leaderboard, figures and page of a study, rebuilt from its tables alone (no training, no torch, no Hydra)."""

from pathlib import Path

import pandas as pd

from bench.report.drift.compared import beyond, drift
from bench.report.drift.sentences import RULE as DRIFT_RULE
from bench.report.drift.sentences import drift_sentences, drift_summary, has_drifted
from bench.report.load.files import BadTables
from bench.report.load.results import Results
from bench.report.metrics import tables
from bench.report.page import answers
from bench.report.page.index import index
from bench.report.rankings import violations as rules
from bench.report.rankings.ranked_results import RankedResults
from bench.report.rankings.score_rows import ScoreRows
from bench.report.readme import update as write_readme
from bench.report.texts import FORMATS, as_text, write_printed

__all__ = [
    "DRIFT_RULE",
    "FORMATS",
    "BadTables",
    "ScoreRows",
    "aggregate",
    "as_text",
    "beyond",
    "draw_figures",
    "drift",
    "drift_sentences",
    "drift_summary",
    "has_drifted",
    "index",
    "leaderboard",
    "render",
    "summary",
    "violations",
    "write_readme",
]


def render(folder: Path) -> Path:
    """Tables, figures and page of `results/<study>/`, in this order; returns the page. Raises BadTables."""
    # matplotlib takes most of a second to import, and most commands draw nothing
    from bench.report.figures import drawing
    from bench.report.page import page

    source = RankedResults.of(folder)
    drawn = drawing.draw_all(source, source.results.folder / "figures")
    written = page.write(source, rules.violations(source.results), drawn)
    write_printed(source.results.folder)
    return written


def aggregate(folder: Path) -> None:
    """Write every table that rests on others: rankings, claims, components, metrics of metrics. Raises BadTables."""
    tables.write(RankedResults.of(folder).results)


def leaderboard(folder: Path) -> pd.DataFrame:
    """Write the aggregated tables of a study and return leaderboard.csv's content. Raises BadTables."""
    return RankedResults.of(folder).tables["leaderboard"]


def draw_figures(folder: Path) -> tuple[list[Path], list[str]]:
    """Draw the figures of a study and write the tables of a paper, into its `figures/`. Raises BadTables.

    Returns the PNG of each page with the tables, and a sentence on each figure that the study has no rows for.
    """
    # as in `render`
    from bench.report.figures import drawing

    source = RankedResults.of(folder)
    drawn = drawing.draw_all(source, source.results.folder / "figures")
    pictures = [page for pages in drawn.values() for page in pages]
    # the proxies are written where they were drawn
    return [*pictures, *write_printed(source.results.folder)], drawing.not_drawn(drawn)


def summary(folder: Path) -> str:
    """What the page answers, a line a ranking, network and group, and the page to open. Raises BadTables."""
    return f"{answers.sentence(RankedResults.of(folder))}\n{Path(folder) / 'index.html'}"


def violations(folder: Path) -> list[str]:
    """Sentences on every rule that a study's tables break; empty if all hold. Raises BadTables."""
    return rules.violations(Results.load(folder))
