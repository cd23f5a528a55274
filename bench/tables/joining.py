"""Rows of one table from several parts of a study: each once, and the same in every part that has it."""

from collections.abc import Sequence

import pandas as pd

from bench.columns.written import CELL, MECHANISMS, REGIONS
from bench.tables.scores import ORDER

UNIT = ["simulator", "network", "data_seed", "model_seed"]
SCORES = "scores"
#: columns by which a row is known, of each table
KNOWN_BY = {
    "models.csv": UNIT,
    "methods.csv": ["method"],
    "metrics.csv": ["metric"],
    "simulators.csv": ["simulator", "truth"],
    "validity.csv": ["simulator", "truth", "metric"],
    "simulator_audits.csv": ["simulator", "key", "audit"],
    "failures.csv": [*UNIT, *CELL.names, "status", "reason"],
    "costs.parquet": [*UNIT, *CELL.names],
    "provenance.parquet": ["stage", "unit", "method", "metric"],
    "regions.parquet": [name for name in REGIONS.names if name != "value"],
    "mechanisms.csv": [name for name in MECHANISMS.names if name not in ("subjects", "wrong", "right")],
    "maps.csv": [*UNIT, "method"],
    SCORES: ORDER,
}
#: columns that tell what happened at work, and may differ where the result is the same
ACCOUNTS = ("seconds", "forward", "backward", "peak_mb", "date", "machine", "convergence", "converged")


class Contradiction(ValueError):
    """A row that is not the same in all parts that have it; row: what it is known by. parts: the first and the last."""

    def __init__(self, row: str, parts: tuple[int, int]) -> None:
        super().__init__(row)
        self.row, self.parts = row, parts


def joined_rows(name: str, tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """The rows of all parts, in their order.

    Raises:
        Contradiction: where two parts have different rows of one thing.
    """
    known_by = KNOWN_BY[name]
    marked = [table.assign(_part=part) for part, table in enumerate(tables)]
    rows = pd.concat([table for table in marked if len(table)] or marked[:1], ignore_index=True)
    compared = [column for column in tables[0].columns if column not in ACCOUNTS]
    distinct = rows.drop_duplicates(compared, ignore_index=True)
    again = distinct[distinct.duplicated(known_by)]
    if len(again):
        row, texts = again[known_by].iloc[0].astype(str), distinct[known_by].astype(str)
        holders = distinct["_part"][(texts == row).all(axis=1)]
        raise Contradiction(", ".join(filter(None, row)), (int(holders.iloc[0]), int(holders.iloc[-1])))
    return distinct.drop(columns="_part")
