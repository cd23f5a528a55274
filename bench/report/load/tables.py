"""Tables that a report adds to a study's folder."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from bench.columns.aggregated import TABLES
from bench.report.load import whole


def write(folder: Path, tables: Mapping[str, pd.DataFrame]) -> None:
    """Write tables by name (.csv) with the columns that `bench.columns` declares."""
    for name, table in tables.items():
        file = f"{name}.csv"
        whole.write(folder / file, table[TABLES[file].names].to_csv(index=False, lineterminator="\n").encode())
