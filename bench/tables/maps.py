"""The table of maps: what methods told of how they made the maps of each model."""

from collections.abc import Iterator
from typing import Any

from bench.plan.cells import Cells
from bench.plan.states import StoredCells
from bench.stages import notes
from bench.stages.attribute import ATTRIBUTE
from bench.study import Study


def rows(study: Study, cells: Cells, stored: StoredCells) -> Iterator[tuple[Any, ...]]:
    """Rows of MAPS: every model and method that told something."""
    for unit in study.units:
        for name in study.methods:
            cell = cells.cell(ATTRIBUTE, unit, name)
            remarks = notes.read(stored.folder(cell)) if stored.record(cell) else {}
            if remarks:
                who = (unit.simulator, unit.network, unit.data_seed, unit.model_seed, name)
                yield (*who, remarks.get("layer", ""), remarks.get("gap", float("nan")))
