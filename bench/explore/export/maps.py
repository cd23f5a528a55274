"""Stored maps of a simulator's explained subjects."""

from collections.abc import Iterator
from typing import NamedTuple

from torch import Tensor

from bench.plan.cells import Cells
from bench.plan.states import StoredCells
from bench.stages.attribute import ATTRIBUTE
from bench.study import Study


class ExportedMaps(NamedTuple):
    """One method's maps (N, 1, D, H, W) of the first N subjects, for one trained model."""

    model: str
    method: str
    volumes: Tensor


def stored(study: Study, simulator: str) -> Iterator[ExportedMaps]:
    """Maps of every model and method the command names, where the store has them."""
    cells, store = Cells(study), StoredCells.of(study)
    for unit in (u for u in study.units if u.simulator == simulator):
        for method in study.methods:
            cell = cells.cell(ATTRIBUTE, unit, method)
            if store.record(cell) is not None:
                yield ExportedMaps(unit.id, method, store.value(cell).map)
