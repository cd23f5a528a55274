"""Realism of simulators: the table and the picture of healthy subjects beside norms."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from bench.columns.written import REALISM
from bench.contracts import Realism
from bench.launch.spoken import spoken
from bench.report.figures import realism as figure
from bench.report.figures import style
from bench.store import files
from bench.study import REALISM as REALISM_FOLDER
from bench.study import Study

#: healthy subjects measured
SUBJECTS = 200


def write(study: Study, subjects: int = SUBJECTS) -> Iterator[Path]:
    """Measure each anatomy of a study's simulators once, into its `realism/<anatomy>.csv`, .pdf and .png."""
    done: set[str] = set()
    folder = study.folder / REALISM_FOLDER
    for name in dict.fromkeys(unit.simulator for unit in study.units):
        with spoken(f"{name}: realism"):
            measured = study.make("simulators", name).realism(subjects)
        if measured.title not in done:
            done.add(measured.title)
            table = folder / f"{measured.title}.csv"
            rows = table_of(measured).round(6)
            files.write_bytes(table, rows.to_csv(index=False, lineterminator="\n").encode())
            yield table
            yield style.save(figure.draw(rows, measured.volumes, measured.title), folder / measured.title)


def table_of(measured: Realism) -> pd.DataFrame:
    """A row a finding, in the columns of REALISM."""
    rows = [
        {**finding._asdict(), "anatomy": measured.title, "subjects": measured.subjects, "verdict": finding.verdict}
        for finding in measured.findings
    ]
    return pd.DataFrame(rows)[list(REALISM.names)]
