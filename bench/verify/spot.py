"""Spot checks: cells of a published study drawn by a seed, and their published scores beside those computed again."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from bench import seeds
from bench.columns.between import SPOT
from bench.columns.declaration import UNIT
from bench.columns.metric_names import MetricName
from bench.contracts import BadInput
from bench.plan.cells import Cells
from bench.report import beyond
from bench.report.load import files as load
from bench.stages.measure import MEASURE
from bench.stages.stage import Cell
from bench.store import files
from bench.study import Study
from bench.tables.joining import SCORES

#: what stands beside the column of a metric in a row of SPOT, and what is compared below it
_CASE = ["column", "truth", "view"]


def drawn_cells(study: Study, tables: Path, count: int, seed: int) -> list[Cell]:
    """Cells of scores of single models, drawn by a seed from what published tables say they were made from.

    Raises:
        BadInput: where the code has fewer of them, as their parts have other versions since.
    """
    rows = load.parquet_as_texts(tables / "provenance.parquet")
    scored = rows["key"][rows["stage"] == MEASURE.name]
    planned = {cell.key: cell for cell in Cells(study).everything()}
    known = [key for key in scored if key in planned and not planned[key].unit.permuted]
    if count > len(known):
        commit = files.json_object(tables / "study.json")["git_sha"]
        raise BadInput(
            f"count={count} is not possible: give at most {len(known)}, as the code has {len(known)} of the "
            f"{len(scored)} cells of {tables}; commit {commit} has all of them"
        )
    first = sorted(known, key=lambda key: seeds.seed(draw="spot", seed=seed, key=key))[:count]
    return [planned[key] for key in first]


def scores_beside(cell: Cell, published: Path, again: Path) -> pd.DataFrame:
    """The published scores of a cell beside those of a study that is this cell alone, with the columns SPOT."""
    unit = cell.unit
    place = Path(SCORES) / f"simulator={unit.simulator}" / f"network={unit.network}"
    old = _scores(published / place)
    old = old[(old[["data_seed", "model_seed"]] == [unit.data_seed, unit.model_seed]).all(axis=1)]
    old = old[(old["method"] == cell.method) & (old["metric"].map(_metric) == cell.metric)]
    # alone, a variant goes by its plain name
    new = pd.concat([_scores(path) for path in sorted((again / SCORES).glob("*/*"))])
    both = _labelled(old).merge(_labelled(new), "outer", [*_CASE, "subject"], suffixes=("_old", "_new"))
    columns = dict(zip(UNIT.names, (unit.simulator, unit.network, unit.data_seed, unit.model_seed), strict=True))
    named = {**columns, "key": cell.key, "method": cell.method}
    rows = [{**named, **row} for row in _compared(cell.metric, both)]
    return pd.DataFrame(rows, columns=SPOT.names)


def _compared(metric: str, both: pd.DataFrame) -> Iterator[dict[str, Any]]:
    for case, rows in both.groupby(_CASE):
        column, truth, view = map(str, case)
        old, new = rows["value_old"], rows["value_new"]
        means = old.mean(), new.mean()
        alike = bool((old.notna() == new.notna()).all())
        yield {
            "metric": str(MetricName(metric, column)),
            "truth": truth,
            "view": view,
            "subjects": int(old.notna().sum()),
            "published": means[0],
            "again": means[1],
            "differing": int((~((old == new) | (old.isna() & new.isna()))).sum()),
            "within": alike and not bool(beyond(means[1] - means[0], means[0])),
        }


def _labelled(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows with the column of their metric, and no value where it is none."""
    values = rows["value"].where(rows["status"] == "ok")
    column = rows["metric"].map(lambda name: MetricName.of(name).column)
    return rows.assign(value=values, column=column)[[*_CASE, "subject", "value"]]


def _metric(name: str) -> str:
    return MetricName.of(name).metric


def _scores(place: Path) -> pd.DataFrame:
    """The rows of a partition."""
    return pd.concat([pd.read_parquet(path, partitioning=None) for path in sorted(place.glob("*.parquet"))])
