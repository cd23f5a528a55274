"""The page of a study without its pictures and figures, which take longer than all the rest, and have their tests."""

from dataclasses import replace
from pathlib import Path

from bench import report
from bench.report.page import page as writer
from bench.report.rankings.ranked_results import RankedResults


def page(folder: Path) -> str:
    """The page of a study as `report.render` writes it, for a study whose maps were not kept and nothing drawn."""
    source = replace(RankedResults.of(folder), pictures={})
    return writer.write(source, report.violations(folder), {}).read_text(encoding="utf-8")
