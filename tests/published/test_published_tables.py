"""Every published table has the columns that are declared for it, and no other."""

import pandas as pd
import pyarrow.parquet as pq
import pytest

from bench.columns import aggregated, between, written
from bench.columns.written import ROWS
from bench.published import places
from bench.report.load.results import Results

STUDIES = places.studies()
TABLES = {**written.TABLES, **aggregated.TABLES}


def columns(file):
    return pq.read_schema(file).names if file.suffix == ".parquet" else list(pd.read_csv(file, nrows=0))


@pytest.mark.parametrize("study", STUDIES, ids=places.study_name)
def test_tables_have_the_columns_declared(study):
    for name, table in TABLES.items():
        if name != "scores":
            assert columns(study / name) == table.names, name
    assert all(columns(file) == ROWS.names for file in study.glob("scores/*/*/*.parquet"))
    # of an edition after the first, what moved since the one before
    beside = {name for name in between.TABLES if (study / name).exists()}
    assert all(columns(study / name) == between.TABLES[name].names for name in beside)
    assert {path.name for path in study.glob("*.csv")} == {name for name in TABLES if name.endswith(".csv")} | beside


@pytest.mark.parametrize("study", STUDIES, ids=places.study_name)
def test_values_are_of_the_kinds_declared(study):
    """Reading refuses a flag that is none and a number that is text; an oracle shows a truth or asks the simulator."""
    results = Results.load(study)
    shows, asks = results.methods["truth"] != "", results.methods["reference_class"].isin(["redraw", "twin"])
    assert ((results.methods["role"] == "oracle") == (shows | asks)).all()
