"""The page: one HTML file that needs no network, built from the tables alone."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from PIL import Image

from bench.report.drawn import Drawn
from bench.report.figures.randomisation import is_curve
from bench.report.figures.style import label
from bench.report.load import optional
from bench.report.metrics import tables as meta
from bench.report.metrics.profiles import by_region
from bench.report.page import answers, boards
from bench.report.page.pictures import data_uri, sheets, webp
from bench.report.page.trace import Trace
from bench.report.rankings import sanity, spread, validity
from bench.report.statistics import intervals, ranks

#: larger tables are linked, not embedded
EMBEDDED_BYTES = 20_000
#: of a plot, lines and letters with their soft edges
_COLOURS = 64
FAULTS_SHOWN = 200


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


def write(source: Drawn, audits: list[str], figures: dict[str, list[Path]]) -> Path:
    """Write index.html (and the small tables only the page needs) into the study's folder and return its path."""
    study = source.study
    made, pictures = sheets(source)
    tables = source.tables | {
        "models": study.models, "methods": study.methods.join(optional.methods(study.folder)),
        "metrics": study.metrics, "failures": study.failures,
        "pictures": pictures, "audits": pd.DataFrame({"violation": pd.Series(audits, dtype=object)}),
    }  # fmt: skip
    for name in ("pictures", "audits"):
        tables[name].to_csv(study.folder / f"{name}.csv", index=False, lineterminator="\n")
    tables |= {name: optional.read(study.folder, name) for name in optional.COLUMNS} | meta.write(study)
    trace = Trace(tables, study.about)
    shown = {name: [Picture.of(path) for path in paths] for name, paths in figures.items() if name != "gallery"}
    shares = spread.rows(study, tables["components"])
    page = _environment(trace).get_template("page.html.j2").render(
        study=study, trace=trace, tables=tables, boards=boards.boards(source), sheets=made, figures=shown,
        unconverged=set(tables["methods"]["method"][tables["methods"]["converged"] == "False"]),
        spread=shares, components=spread.names(shares),
        answers={scope: answers.clauses(source, scope) for scope in ["all", *study.simulators]},
        columns={network: columns(source, network) for network in study.networks},
        order={network: source.order(network) for network in study.networks},
        matrix=validity.matrix(tables["validity"]), why=reasons(source),
        failed={network: sanity.failures(source.tables["sanity"], network) for network in study.networks},
        downloads=downloads(study.folder), formula=intervals.__doc__, tie_rule=ranks.TIE_RULE,
        summary_of=_summary, faults_shown=FAULTS_SHOWN,
    )  # fmt: skip
    path = study.folder / "index.html"
    path.write_text(page, encoding="utf-8", newline="\n")
    return path


def columns(source: Drawn, network: str) -> list[dict[str, Any]]:
    """Columns of the table of further metrics: metric, truth and the row of each method in cells.csv."""
    cells = source.tables["cells"]
    # a table without rows has no truth values of its own
    hidden = np.array([is_curve(name) or by_region(name) for name in cells["metric"]], bool)
    shown = cells[(cells["network"] == network) & (cells["simulator"] == "all") & ~hidden]
    headlines = {(h.metric, h.truth, h.view) for h in source.study.headlines}
    return [
        {"metric": metric, "truth": truth, "view": view, "row_of": dict(zip(rows["method"], rows.index, strict=True))}
        for (metric, truth, view), rows in shown.groupby(["metric", "truth", "view"], sort=True)
        if (metric, truth, view) not in headlines
    ]


def reasons(source: Drawn) -> dict[tuple[str, str], str]:
    """(network, method) -> why a method has no value there, as far as failures.csv tells."""
    rows = source.study.failures.drop_duplicates(["network", "method"])
    return {(r.network, r.method): f"{r.status}: {r.reason}" for r in rows.itertuples()}  # type: ignore[misc]


def downloads(folder: Path) -> dict[str, str]:
    """File name -> link to it: embedded where small, beside the page where large."""
    files = sorted(folder.glob("*.csv"))
    small = {file for file in files if file.stat().st_size < EMBEDDED_BYTES}
    return {file.name: data_uri("text/csv", file.read_bytes()) if file in small else file.name for file in files}


def _environment(trace: Trace) -> Environment:
    loader = FileSystemLoader(Path(__file__).parent / "templates")
    made = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    made.filters["label"] = label
    made.globals.update(num=trace.num, interval=trace.interval, text=trace.text, name=trace.name, value=trace.value)
    return made


def _summary(declared: Any) -> str:
    """The one-sentence summary of a simulator or network in study.json, which may be the sentence itself."""
    return str(declared.get("summary", "")) if isinstance(declared, dict) else str(declared)
