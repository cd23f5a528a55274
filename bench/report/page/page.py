"""The page: one HTML file that needs no network, built from the tables alone."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from PIL import Image

from bench.columns.metric_names import MetricName
from bench.report.figures.randomisation import is_curve
from bench.report.figures.style import display_name
from bench.report.load import tables as files
from bench.report.load import whole
from bench.report.load.results import Results
from bench.report.metrics.profiles import by_region
from bench.report.page import answers, boards, opening, spread
from bench.report.page.pictures import data_uri, sheets, webp
from bench.report.page.trace import Trace, with_code
from bench.report.rankings import groups, sanity, validity
from bench.report.rankings.means import ALL
from bench.report.rankings.ranked_results import RankedResults
from bench.report.statistics import intervals, ranks

#: larger tables are linked, not embedded
EMBEDDED_BYTES = 20_000
#: of a plot, lines and letters with their soft edges
_COLOURS = 64
FAILURES_SHOWN = 200
#: figures that the page shows; the others are for papers
SHOWN = ("overlap", "separability", "randomisation", "mechanisms")


@dataclass(frozen=True)
class Picture:
    """A page of a figure: as a data URI, and the width in CSS pixels at which its text is 8 points."""

    source: str
    width: int

    @classmethod
    def of(cls, path: Path) -> "Picture":
        """The PNG at `path`, made for print at twice a screen's resolution or more."""
        with Image.open(path) as image:
            plain = image.quantize(_COLOURS, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).convert("RGB")
        return cls(webp(plain, lossless=True), image.width // 2)


def write(source: RankedResults, violations: list[str], figures: dict[str, list[Path]]) -> Path:
    """Write index.html (and the small tables only the page needs) into the study's folder and return its path."""
    results = source.results
    drawn_sheets, pictures = sheets(source)
    beside = {"pictures": pictures, "violations": pd.DataFrame({"violation": pd.Series(violations, dtype=object)})}
    files.write(results.folder, beside)
    tables = source.tables | {
        "models": results.models, "methods": results.methods, "metrics": results.metrics,
        "failures": results.failures, "validity": results.validity, "simulator_audits": results.simulator_audits,
        "simulators": results.sizes,
    } | beside | source.of_metrics  # fmt: skip
    trace = Trace(tables, results.about)
    embedded = {name: [Picture.of(path) for path in paths] for name, paths in figures.items() if name in SHOWN}
    ranked = boards.boards(source)
    shares = spread.rows(results, tables["components"])
    page = _environment(trace).get_template("page.html.j2").render(
        results=results, trace=trace, tables=tables, boards=ranked, mean_rule=groups.MEAN_RULE,
        overviews={where: boards.across_groups(source, mine) for where, mine in ranked.items()}, sheets=drawn_sheets,
        figures=embedded, unconverged=set(tables["methods"]["method"][tables["methods"]["converged"] == "False"]),
        spread=shares, components=spread.component_names(shares),
        answers={scope: answers.clauses(source, scope) for scope in _scopes(results)},
        columns={network: columns(source, network) for network in results.networks},
        opening=opening.opening(source, pictures),
        order={network: source.order(network) for network in results.networks},
        matrix=validity.matrix(tables["validity"]), why=why(source),
        failed={
            where: sanity.failures(source.tables["sanity"], *where)
            for where in product(results.networks, results.groups)
        },
        downloads=downloads(results.folder), formula=intervals.EXPLANATION, tie_rule=ranks.TIE_RULE,
        failures_shown=FAILURES_SHOWN,
    )  # fmt: skip
    path = results.folder / "index.html"
    whole.write(path, page.encode())
    return path


def _scopes(results: Results) -> list[str]:
    """The groups, then the simulators of those that have several."""
    return [*results.groups, *(name for names in results.groups.values() if len(names) > 1 for name in names)]


def columns(source: RankedResults, network: str) -> list[dict[str, Any]]:
    """Columns of the table of further metrics: metric, truth and the row of each method in cells.csv."""
    cells = source.tables["cells"]
    # a table without rows has no truth values of its own
    hidden = np.array([is_curve(name) or by_region(name) for name in cells["metric"]], bool)
    visible = cells[(cells["network"] == network) & (cells["simulator"] == ALL) & ~hidden]
    headlines = {(h.metric, h.truth, h.view) for h in source.results.headlines}
    return [
        {"metric": metric, "truth": truth, "view": view, "row_of": dict(zip(rows["method"], rows.index, strict=True))}
        for (metric, truth, view), rows in visible.groupby(["metric", "truth", "view"], sort=True)
        if (metric, truth, view) not in headlines
    ]


def why(source: RankedResults) -> Callable[[str, str, str], str]:
    """Tells of a network, method and metric why there is no value, as far as failure_counts.csv does."""
    rows = source.tables["failure_counts"].drop_duplicates(["network", "method", "metric"])
    reasons = {(r.network, r.method, r.metric): f"{r.status}: {r.reason}" for r in rows.itertuples()}

    def reason(network: str, method: str, metric: str) -> str:
        base = MetricName.of(metric).metric
        places = ((network, method, base), (network, method, ""), (network, "", base))
        return next((reasons[place] for place in places if place in reasons), "not defined for this method")

    return reason


def downloads(folder: Path) -> dict[str, str]:
    """File name -> link to it: embedded where small, beside the page where large."""
    files = sorted(folder.glob("*.csv"))
    small = {file for file in files if file.stat().st_size < EMBEDDED_BYTES}
    return {file.name: data_uri("text/csv", file.read_bytes()) if file in small else file.name for file in files}


def _environment(trace: Trace) -> Environment:
    loader = FileSystemLoader(Path(__file__).parent / "templates")
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["label"], environment.filters["code"] = display_name, with_code
    environment.globals.update(
        sentences=lambda clause: answers.told(clause, trace.tables["leaderboard"], trace),
        found=lambda clause: answers.found(clause, trace.tables["leaderboard"], trace),
        num=trace.num,
        interval=trace.interval,
        text=trace.text,
        name=trace.name,
        value=trace.value,
    )
    return environment
