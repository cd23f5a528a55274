"""Whole tables of a plan: no cell is missing, none stands twice, and none is of another plan; the first one refuses."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from bench.columns.metric_names import MetricName
from bench.contracts import BadInput
from bench.plan.cells import Cells
from bench.stages.stage import Cell
from bench.study import Study
from bench.tables.joining import KNOWN_BY, SCORES
from bench.tables.scores import NOT_COMPUTED, ORDER
from bench.verify.commits import cell_in_words

#: what a score row says of its cell, beside simulator and network
_OF_CELL = ["data_seed", "model_seed", "method", "metric"]
ONCE = "merge each part once"
Reasons = dict[tuple[Any, ...], set[str]]


def check_whole(study: Study, folder: Path, rows: pd.DataFrame) -> None:
    """Refuse tables in a folder that are not those of all cells of the study, each once.

    rows: of provenance.parquet. Raises BadInput.
    """
    twice = rows[rows.duplicated("key") | rows.duplicated(KNOWN_BY["provenance.parquet"])]
    if len(twice):
        raise BadInput(f"{folder}: {cell_in_words(twice.to_dict('records')[0])} stands twice; {ONCE}")
    cells = Cells(study)
    strange = rows[~rows["key"].isin([cell.key for cell in cells.everything()])]
    if len(strange):
        cell, words = cell_in_words(strange.to_dict("records")[0]), " ".join(study.command)
        raise BadInput(
            f"{folder}: {cell} is of another plan than '{words}'; publish it with the words of its run, at its commit"
        )
    reasons, done = _reasons(folder), set(rows["key"])
    every = [cell for unit in study.everything for cell in cells.of(unit) if cell.folder and cell.key not in done]
    missing = [cell for cell in every if not _explained(cell, reasons)]
    if missing:
        units = len({cell.unit for cell in missing})
        raise BadInput(
            f"{folder} lacks {len(missing)} cells of {units} units, e.g. {missing[0].title} of {missing[0].unit.id}; "
            "compute them, or merge the part that has them"
        )


def _explained(cell: Cell, reasons: Reasons) -> bool:
    """Whether the tables say why a cell has no value."""
    unit = cell.unit
    known = reasons.get((unit.simulator, unit.network, unit.data_seed, unit.model_seed, cell.method, cell.metric))
    return known is not None and NOT_COMPUTED not in known


def _reasons(folder: Path) -> Reasons:
    """What is said of the values of each cell by the score rows; raises BadInput where a row stands twice."""
    reasons: Reasons = {}
    for place, scores in _partitions(folder):
        doubled = scores[scores.duplicated(ORDER)]
        if len(doubled):
            row = doubled.iloc[0]
            named = f"{row['metric']} of {row['method']} on subject {row['subject']}"
            raise BadInput(f"{folder / SCORES}: {named} of {' and '.join(place)} stands twice; {ONCE}")
        stated = scores[[*_OF_CELL, "reason"]].drop_duplicates()
        for *seeds_and_method, metric, reason in stated.itertuples(index=False, name=None):
            at = (*place, *seeds_and_method, MetricName.of(metric).metric)
            reasons.setdefault(at, set()).add(reason)
    return reasons


def _partitions(folder: Path) -> Iterator[tuple[tuple[str, str], pd.DataFrame]]:
    """((simulator, network), rows) of every partition."""
    for path in sorted((folder / SCORES).glob("simulator=*/network=*")):
        place = path.parent.name.partition("=")[2], path.name.partition("=")[2]
        parts = [
            pd.read_parquet(file, columns=[*ORDER, "reason"], partitioning=None) for file in path.glob("*.parquet")
        ]
        if parts:
            yield place, pd.concat(parts, ignore_index=True)
