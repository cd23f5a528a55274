"""Stage bank: healthy subjects of a data seed, a cache that simulators share which differ in pathology alone."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.passes.counting import Passes
from bench.stages.stage import Cell, Given, Graph, Stage
from bench.store.keys import describe, key
from bench.study import Study, Unit
from bench.training.recipe import SIZES, sizes

#: what `plan` calls files that a run deletes when it is done
CACHES = "caches, deleted at the end"
#: bytes a voxel of the grid: eight float32 and a label of the voxels of the brain, which fills about half of the grid
STORED = 16.0
#: draws the subjects into a folder
Draw = Callable[[Path], None]


class _Bank(Stage[Path]):
    """Makes the folder that a simulator with a bank reads healthy subjects from."""

    name = "bank"
    version = "1"
    cache = True
    network = False
    keeps = CACHES

    def cell(self, graph: Graph, unit: Unit, method: str, metric: str) -> Cell:
        """One per data seed and whatever of the simulator its healthy subjects depend on."""
        study = graph.study
        simulator = study.make("simulators", unit.simulator)
        parts = simulator.banked(study.simulators[unit.simulator])
        described = describe(parts, tuple(study.settings["trusted"]), unit.simulator)
        counts = {name: study.training(unit).get(name) for name in SIZES}
        content = {"parts": key(described), "data_seed": unit.data_seed, **counts}
        source = self.code(graph, "simulators", unit.simulator)
        return Cell(self, f"d{unit.data_seed}", content, unit, source=source)

    def make(self, given: Given) -> tuple[Draw, Passes]:
        """The subjects are drawn while they are written."""
        counts = sizes(given.study.training(given.unit))
        simulator: Any = given.study.make("simulators", given.unit.simulator).with_data_seed(given.unit.data_seed)
        return lambda folder: simulator.fill_bank(counts, folder, given.progress), Passes()

    def write(self, folder: Path, value: Draw) -> None:
        value(folder)

    def read(self, folder: Path, study: Study, cell: Cell) -> Path:
        return folder

    def work(self, study: Study, cell: Cell) -> float:
        """The subjects of all splits."""
        return float(sum(cell.content[name] for name in SIZES))

    def disk(self, study: Study, cell: Cell, voxels: int) -> float:
        """All subjects."""
        return STORED * voxels * self.work(study, cell)


BANK = _Bank()


def banks(graph: Graph, unit: Unit) -> tuple[Cell, ...]:
    """The bank of a unit's healthy subjects; none where its simulator has no use for one."""
    study = graph.study
    banked = study.make("simulators", unit.simulator).banked(study.simulators[unit.simulator])
    return () if banked is None else (graph.cell(BANK, unit),)
