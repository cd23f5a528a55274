"""The validity matrix of a study: what has no value by construction, and what lacks one although it should have it."""

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from bench.report import optional
from bench.report.study import Study

_COUNTED = ["method", "metric", "truth", "status"]


@dataclass(frozen=True)
class Row:
    """One simulator and truth, as row numbers of validity.csv: the row of each metric, and one row a reason."""

    cells: dict[str, int]
    reasons: list[int]


def matrix(table: pd.DataFrame) -> list[Row]:
    """The matrix with a row a simulator and truth, in the order of the table."""
    found = []
    for _, rows in table.groupby(["simulator", "truth"], sort=False):
        reasons = rows[~rows["defined"].astype(bool)].drop_duplicates("reason").index
        cells = dict(zip(rows["metric"], rows.index, strict=True))
        found.append(Row(cells, list(reasons)))
    return found


def count(simulator: str, network: str, scores: pd.DataFrame) -> pd.DataFrame:
    """How many rows of a partition have each status, by method, metric and truth."""
    counted = scores.groupby(_COUNTED, observed=True).size().reset_index(name="n")
    return counted.assign(simulator=simulator, network=network).astype(dict.fromkeys(_COUNTED, str))


def undefined(study: Study, simulator: str) -> set[tuple[str, str]]:
    """(metric, truth) of a simulator that have no value by construction."""
    table = optional.read(study.folder, "validity")
    table = table[(table["simulator"] == simulator) & ~table["defined"].astype(bool)]
    return set(zip(table["metric"], table["truth"], strict=True))


def gaps(study: Study, counted: pd.DataFrame) -> Iterator[str]:
    """Cells that the matrix calls defined and that have no rows or no value, and undefined ones that have values.

    counted: what `count` gives, of all partitions. That a value is missing everywhere says something only where a
    model passed the gate: one that has learnt nothing uses no region.
    """
    passed = set(study.models["simulator"][study.models["passed"]])
    for cell in optional.read(study.folder, "validity").itertuples():
        here = counted[counted["simulator"] == cell.simulator]
        mine = here[(here["metric"] == cell.metric) & (here["truth"] == cell.truth)]
        what, statuses = f"{cell.simulator}: {cell.metric} on {cell.truth}", set(mine["status"])
        if not cell.defined and "ok" in statuses:
            yield f"{what} has values, although {cell.reason}"
        elif cell.defined and (missing := _missing(here, mine)):
            yield f"{what} has no rows for {missing[0]} ({len(missing)} missing): compute it with rerun=stale"
        elif cell.defined and "ok" not in statuses and "undefined" in statuses and cell.simulator in passed:
            yield f"{what} should have a value and is undefined in every row"


def _missing(here: pd.DataFrame, mine: pd.DataFrame) -> list[str]:
    """Methods (with their networks) that have rows of this simulator but none of this cell."""
    every, own = ({f"{m} on {n}" for m, n in zip(t["method"], t["network"], strict=True)} for t in (here, mine))
    return sorted(every - own)
