"""Published prices: what cells of published studies cost, for machines on which nothing like them was computed yet.

`publish` writes them from `costs.parquet`, with the speed of the machine. A price is what the mean cell of a kind took.
"""

from pathlib import Path
from typing import Any

import pandas as pd

from bench.plan.cells import Cells
from bench.plan.prices import Cost, Prices, WorkKind, terms
from bench.plan.speed import convolution_seconds
from bench.published.places import PUBLISHED
from bench.stages.stage import Cell
from bench.store import files
from bench.study import Study

FILE = PUBLISHED / "prices.csv"
#: whose cells: the study, and what decides a price
KIND = ["study", *WorkKind._fields, "work"]
#: peak_mb: most that a cell of the kind held, 0 where that was not kept. convolution_s: what
#: `speed.convolution_seconds` gave there. date: of its last row
PEAK = "peak_mb"
COLUMNS = [*KIND, "cells", *Cost._fields, PEAK, "convolution_s", "date"]
#: columns of costs.parquet that name a cell
PLACE = ["simulator", "network", "data_seed", "model_seed", "stage", "method", "metric"]


def cost_place(cell: Cell) -> tuple[Any, ...]:
    """The values of PLACE of a cell.

    Models on permuted labels may be trained longer, and would spoil the means of those that are reported.
    """
    unit, stage = cell.unit, f"{cell.stage}-permuted" if cell.unit.permuted else cell.stage
    return unit.simulator, unit.network, unit.data_seed, unit.model_seed, stage, cell.method, cell.metric


def prices_of(study: Study, costs: pd.DataFrame) -> pd.DataFrame:
    """Rows of prices: the mean cost of the cells of each kind and work; a cell that the study has no longer has none.

    costs: as in costs.parquet.
    """
    cells = Cells(study)
    # whichever of the units that share a cell its row names
    needed = [cell for unit in study.everything for cell in cells.of(unit)]
    known = {cost_place(cell): cell for each in needed for cell in (each, *each.caches)}
    rows = [{**terms(cells, known[at]), **cost} for at, cost in _costs(costs) if at in known]
    table = pd.DataFrame(rows, columns=[*WorkKind._fields, "work", *Cost._fields, PEAK]).assign(study=study.name)
    grouped = table.groupby(KIND, sort=True)
    means = grouped[list(Cost._fields)].mean().round(4)
    return means.assign(cells=grouped.size(), peak_mb=grouped[PEAK].max()).reset_index()


def write(study: Study, costs: pd.DataFrame, date: str, path: Path = FILE) -> None:
    """Put the prices of a study, whose last row is of a date, in the place of those that it had before."""
    others = [table[table["study"] != study.name] for table in (_table(path),) if len(table)]
    fresh = prices_of(study, costs).assign(convolution_s=round(convolution_seconds(), 6), date=date)
    prices = pd.concat([*others, fresh[COLUMNS]], ignore_index=True)
    files.write_bytes(path, prices.sort_values(KIND).to_csv(index=False, lineterminator="\n").encode())


def read(path: Path = FILE, scaled: bool = True) -> Prices:
    """The published prices as this machine would take them, or as they are, which no time is lost with."""
    prices, table = Prices(), _table(path)
    # what a kind cost in an older study may have been another code's cost
    table = table[table["date"] == table.groupby([*WorkKind._fields])["date"].transform("max")]
    here = convolution_seconds() if scaled and len(table) else 0.0
    for row in table.to_dict("records"):
        cost = Cost(*(row[part] for part in Cost._fields))
        slower = here / row["convolution_s"] if scaled else 1.0
        kind = WorkKind(*(row[part] for part in WorkKind._fields))
        prices.add(kind, row["work"], cost._replace(seconds=slower * cost.seconds), row[PEAK])
    return prices


def _costs(costs: pd.DataFrame) -> list[tuple[tuple[Any, ...], dict[str, Any]]]:
    places, parts = costs[PLACE].itertuples(index=False, name=None), costs[[*Cost._fields, PEAK]].to_dict("records")
    return list(zip(places, parts, strict=True))  # type: ignore[arg-type]


def _table(path: Path) -> pd.DataFrame:
    text = dict.fromkeys(["study", *WorkKind._fields, "date"], str)
    if not path.exists():
        return pd.DataFrame(columns=COLUMNS)
    table = pd.read_csv(path, dtype=text, keep_default_na=False)
    return table.reindex(columns=COLUMNS).fillna({PEAK: 0.0})
