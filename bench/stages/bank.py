"""Stage bank: healthy subjects of a data seed, a cache that simulators share which differ in pathology alone."""

from abc import abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from bench.passes.counting import Passes
from bench.stages.stage import Cell, Given, Graph, Stage
from bench.store.keys import describe, key
from bench.store.unfinished import taken_over
from bench.study import Study, Unit
from bench.training.recipe import SIZES, sizes

#: what `plan` calls files that a run deletes when it is done
CACHES = "caches, deleted once read"
#: bytes a voxel of the grid: eight float32 and a label of the voxels of the brain, which fills about half of the grid
STORED = 16.0
#: draws the subjects into a folder
Draw = Callable[[Path], None]


class Banked(Stage[Path]):
    """Makes a folder that a simulator reads healthy subjects from."""

    cache = True
    network = False
    keeps = CACHES

    @abstractmethod
    def counts(self, study: Study, unit: Unit) -> Mapping[str, int]:
        """Subjects by stream."""

    def of(self, graph: Graph, unit: Unit) -> tuple[Cell, ...]:
        """The unit's cell; none where its simulator has no use for one."""
        study = graph.study
        banked = study.make("simulators", unit.simulator).banked(study.simulators[unit.simulator])
        return () if banked is None or not self.counts(study, unit) else (graph.cell(self, unit),)

    def banked(self, graph: Graph, unit: Unit, name: str, counts: Mapping[str, Any]) -> Cell:
        """A cell whose key holds whatever of the simulator healthy subjects depend on, and how many there are."""
        study = graph.study
        parts = study.make("simulators", unit.simulator).banked(study.simulators[unit.simulator])
        described = describe(parts, tuple(study.settings["trusted"]), unit.simulator)
        source = self.code(graph, "simulators", unit.simulator)
        return Cell(self, name, {"parts": key(described), **counts}, unit, source=source)

    def make(self, given: Given) -> tuple[Draw, Passes]:
        """The subjects are drawn while they are written, from where an interrupted call came to."""
        counts, cell = self.counts(given.study, given.unit), given.cell
        simulator: Any = given.study.make("simulators", given.unit.simulator).with_data_seed(given.unit.data_seed)

        def draw(folder: Path) -> None:
            with taken_over(given.study.store / self.name, cell.begun) as begun:
                simulator.fill_bank(counts, begun, given.progress)
                for path in begun.iterdir():
                    path.rename(folder / path.name)

        return draw, Passes()

    def write(self, folder: Path, value: Draw) -> None:
        """Draw the subjects."""
        value(folder)

    def read(self, folder: Path, study: Study, cell: Cell) -> Path:
        """The folder."""
        return folder

    def work(self, study: Study, cell: Cell) -> float:
        """The subjects of all streams."""
        return float(sum(self.counts(study, cell.unit).values()))

    def disk(self, study: Study, cell: Cell, voxels: int) -> float:
        """All subjects."""
        return STORED * voxels * self.work(study, cell)


class _Bank(Banked):
    """Makes the bank of a data seed."""

    name = "bank"
    version = "1"

    def counts(self, study: Study, unit: Unit) -> Mapping[str, int]:
        return sizes(study.training(unit))

    def cell(self, graph: Graph, unit: Unit, method: str, metric: str) -> Cell:
        """One per data seed and whatever of the simulator its healthy subjects depend on."""
        counts = {name: graph.study.training(unit).get(name) for name in SIZES}
        return self.banked(graph, unit, f"d{unit.data_seed}", {"data_seed": unit.data_seed, **counts})


BANK = _Bank()
