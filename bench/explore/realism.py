"""Realism of simulators: the table and the picture of healthy subjects beside norms."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from bench.columns.written import REALISM
from bench.contracts import BadInput, Realism, Unsupported
from bench.launch.spoken import spoken
from bench.report.figures import realism as figure
from bench.report.figures import style
from bench.store import files
from bench.study import REALISM as REALISM_FOLDER
from bench.study import Study

#: healthy subjects measured
SUBJECTS = 200
#: parts of a simulator's configuration that its images of healthy subjects depend on beside their anatomy
IMAGED = ("contrast", "nuisance")


def write(study: Study, subjects: int = SUBJECTS) -> Iterator[Path]:
    """Measure what simulators of a study share but for pathology once, into `realism/<anatomy>.csv`, .pdf and .png.

    Raises:
        BadInput: once the others are measured, naming those that no norms belong to.
    """
    folder, titles, refused = study.folder / REALISM_FOLDER, set[str](), []
    for name in _different(study):
        try:
            with spoken(f"{name}: realism"):
                measured = study.make("simulators", name).realism(subjects)
        except Unsupported as error:
            refused.append(f"{name}: {error}")
            continue
        title = f"{measured.title}_{name}" if measured.title in titles else measured.title
        titles.add(title)
        yield from _written(measured, folder, title)
    if refused:
        raise BadInput("; ".join(refused))


def _different(study: Study) -> Iterator[str]:
    """Names of simulators, each the first whose healthy subjects look as they do."""
    known = []
    for name, node in study.simulators.items():
        banked = study.make("simulators", name).banked(node)
        looks = {**banked, **{part: node.get(part) for part in IMAGED}} if banked else {"name": name}
        if looks not in known:
            known.append(looks)
            yield name


def _written(measured: Realism, folder: Path, title: str) -> Iterator[Path]:
    table, rows = folder / f"{title}.csv", table_of(measured).round(6)
    files.write_bytes(table, rows.to_csv(index=False, lineterminator="\n").encode())
    yield table
    yield style.save(figure.draw(rows, measured.volumes, title), folder / title)


def table_of(measured: Realism) -> pd.DataFrame:
    """A row a finding, in the columns of REALISM."""
    rows = [
        {**finding._asdict(), "anatomy": measured.title, "subjects": measured.subjects, "verdict": finding.verdict}
        for finding in measured.findings
    ]
    return pd.DataFrame(rows)[list(REALISM.names)]
