"""Every published table has the columns that are declared for it, and no other."""

from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from bench.columns import aggregated, written
from bench.columns.written import ROWS
from bench.report.load.results import Results

STUDIES = sorted(path.parent for path in (Path(__file__).parents[2] / "results" / "published").glob("*/study.json"))
TABLES = {**written.TABLES, **aggregated.TABLES}


def columns(file):
    return pq.read_schema(file).names if file.suffix == ".parquet" else list(pd.read_csv(file, nrows=0))


@pytest.mark.parametrize("study", STUDIES, ids=lambda path: path.name)
def test_tables_have_the_columns_declared(study):
    for name, table in TABLES.items():
        if name != "scores":
            assert columns(study / name) == table.names, name
    assert all(columns(file) == ROWS.names for file in study.glob("scores/*/*/*.parquet"))
    assert {path.name for path in study.glob("*.csv")} == {name for name in TABLES if name.endswith(".csv")}


@pytest.mark.parametrize("study", STUDIES, ids=lambda path: path.name)
def test_values_are_of_the_kinds_declared(study):
    """Reading refuses a flag that is none and a number that is text; an oracle shows a truth or asks the simulator."""
    results = Results.load(study)
    shows, asks = results.methods["truth"] != "", results.methods["reference_class"].isin(["redraw", "twin"])
    assert ((results.methods["role"] == "oracle") == (shows | asks)).all()
