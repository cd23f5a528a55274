"""The cells of a study in the order of work, each with its key and what it is made from."""

import importlib
import pkgutil
from collections.abc import Iterator
from itertools import chain
from typing import Any

from bench import stages as folder
from bench.contracts import BadInput
from bench.stages.stage import Cell, Stage
from bench.store.keys import describe, key
from bench.store.sources import of_node
from bench.study import Study, Unit


def stages() -> dict[str, Stage[Any]]:
    """The stages by name: whatever object of the class Stage stands in a module of `bench.stages`.

    Raises:
        BadInput: where two stages have one name, as one would answer for the other.
    """
    modules = [f"{folder.__name__}.{module.name}" for module in pkgutil.iter_modules(folder.__path__)]
    known: dict[str, Stage[Any]] = {}
    for stage in chain.from_iterable([vars(importlib.import_module(name)).values() for name in modules]):
        if isinstance(stage, Stage) and known.setdefault(stage.name, stage) is not stage:
            places = " and ".join(sorted({type(one).__module__ for one in (stage, known[stage.name])}))
            raise BadInput(f"{places}: two stages are called '{stage.name}'; give each a `name` of its own")
    return dict(sorted(known.items()))


class Cells:
    """The cells of a study; equal cells of different units have equal keys."""

    def __init__(self, study: Study) -> None:
        self.study, self.stages = study, stages()
        self._described: dict[tuple[str, str], str] = {}
        self._sources: dict[tuple[str, str], str] = {}
        self._cells: dict[tuple[str, Unit, str, str], Cell] = {}

    def of(self, unit: Unit) -> list[Cell]:
        """Distinct cells of a unit, arm or group in the order of work: every cell after what it needs."""
        planned = [cell for stage in self.stages.values() for cell in stage.cells(self, unit)]
        keys, ordered = {cell.key for cell in planned}, dict[str, Cell]()

        def add(cell: Cell) -> None:
            for need in cell.needs:
                if need.key not in ordered and (need.unit == unit or need.key in keys):
                    add(need)
            ordered.setdefault(cell.key, cell)

        for cell in planned:
            add(cell)
        return list(ordered.values())

    def everything(self) -> Iterator[Cell]:
        """Every distinct cell of the study, of the first unit that has it, then what is made on the way to them."""
        known: dict[str, Cell] = {}
        for cell in chain.from_iterable(self.of(unit) for unit in self.study.everything):
            known.setdefault(cell.key, cell)
        for cache in chain.from_iterable(cell.caches for cell in list(known.values())):
            known.setdefault(cache.key, cache)
        yield from known.values()

    def cell(self, stage: Stage[Any], unit: Unit, method: str = "", metric: str = "") -> Cell:
        """A cell of a stage, the same object at every call."""
        at = (stage.name, unit, method, metric)
        if at not in self._cells:
            self._cells[at] = stage.cell(self, unit, method, metric)
        return self._cells[at]

    def describe(self, group: str, label: str) -> str:
        """Key of a node with its defaults bound; hashed once, because thousands of cells name it."""
        at = (group, label)
        if at not in self._described:
            node = self.study.node(group, label)
            self._described[at] = key(describe(node, tuple(self.study.settings["trusted"]), label))
        return self._described[at]

    def source(self, group: str, label: str) -> str:
        """Hash of the code behind a node; read once, because thousands of cells name it."""
        at = (group, label)
        if at not in self._sources:
            self._sources[at] = of_node(self.study.node(group, label), self.study.settings["trusted"])
        return self._sources[at]
