"""Audits of simulators as data: one row per simulator, configuration and audit."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from bench.columns.written import SIMULATOR_AUDITS
from bench.plan.cells import Cells
from bench.published.places import PUBLISHED
from bench.store import files
from bench.study import PORTRAITS, Study

NAME = "simulator_audits.csv"
PATH = PUBLISHED / PORTRAITS / NAME


class Audited(NamedTuple):
    """The result of one audit, a row of SIMULATOR_AUDITS."""

    simulator: str
    key: str
    audit: str
    auc: float
    low: float
    high: float
    n: int
    reference: float
    verdict: str


KEY = ["simulator", "key", "audit"]


def place_of(study: Study) -> Path:
    """The table that `check` writes of a study's simulators."""
    return study.folder / PORTRAITS / NAME


def write(rows: Sequence[Audited] | pd.DataFrame, path: Path) -> None:
    """Add rows to the table; they replace those of the same simulator, configuration and audit."""
    newest = _newest([read(path), pd.DataFrame(rows, columns=SIMULATOR_AUDITS.names)])
    files.write_bytes(path, newest.to_csv(index=False, lineterminator="\n").encode())


def _newest(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    held = pd.concat([table for table in tables if len(table)] or tables[:1])
    return held.drop_duplicates(KEY, keep="last").sort_values(KEY).round(6)


def read(path: Path) -> pd.DataFrame:
    """All rows; none where no simulator was audited yet."""
    if not path.is_file():
        return pd.DataFrame(columns=SIMULATOR_AUDITS.names)
    return pd.read_csv(path, keep_default_na=False, dtype={"key": str})


def of(study: Study) -> pd.DataFrame:
    """The rows of a study's simulators as they are configured there: published, found in any study, or in its own."""
    anywhere = sorted(Path(study.results).glob(f"*/{PORTRAITS}/{NAME}"))
    cells, table = Cells(study), _newest([read(path) for path in (PATH, *anywhere, place_of(study))])
    known = {(name, cells.describe("simulators", name)) for name in study.simulators}
    # a series, because an empty list would choose no columns instead of no rows
    chosen = pd.Series([at in known for at in zip(table["simulator"], table["key"], strict=True)], table.index, bool)
    return table[chosen]
