"""Stage calibrate: the amplitude at which a simulator is as separable as it was asked to be."""

import json
from pathlib import Path
from typing import Any

from bench.contracts import Simulator
from bench.passes.counting import Passes
from bench.provenance import ROOT
from bench.stages.calibration_bank import CALIBRATION_BANK
from bench.stages.context import simulator
from bench.stages.stage import Cell, Given, Graph, Stage
from bench.store import files
from bench.store.kept_numbers import KeptNumbers
from bench.study import Study, Unit

CALIBRATIONS = ROOT / "simulators" / "calibrations"
FILE = "calibration.json"


class _Calibrate(Stage[dict[str, Any]]):
    """Makes what a simulator's own `calibrate` gives; a committed file stands for it."""

    name = "calibrate"
    version = "2"
    network = False

    def cell(self, graph: Graph, unit: Unit, method: str, metric: str) -> Cell:
        """One per simulator."""
        content = {"simulator": graph.describe("simulators", unit.simulator)}
        source = self.code(graph, "simulators", unit.simulator)
        return Cell(self, unit.simulator, content, unit, source=source, caches=CALIBRATION_BANK.of(graph, unit))

    def make(self, given: Given) -> tuple[dict[str, Any], Passes]:
        """Search from where an interrupted call came to; what that found is deleted once it has served."""
        simulator, cell = given.study.make("simulators", given.unit.simulator), given.cell
        for bank in cell.caches:
            simulator = simulator.with_bank(given.of(bank))
        kept = KeptNumbers(given.study.store / self.name / f"{files.UNFINISHED}{cell.begun}.json")
        calibration = simulator.calibrate_in_steps(kept, given.progress)
        files.remove(kept.path)
        return calibration, Passes()

    def write(self, folder: Path, value: dict[str, Any]) -> None:
        (folder / FILE).write_text(json.dumps(value, indent=1) + "\n")

    def read(self, folder: Path, study: Study, cell: Cell) -> dict[str, Any]:
        value: dict[str, Any] = json.loads((folder / FILE if folder.is_dir() else folder).read_text())
        return value

    def work(self, study: Study, cell: Cell) -> float:
        """One, as the subjects it takes are the same for every simulator."""
        return 1

    def committed(self, cell: Cell) -> Path | None:
        path = committed(cell)
        return path if path.exists() else None


CALIBRATE = _Calibrate()


def committed(cell: Cell) -> Path:
    """The place of a committed calibration."""
    return CALIBRATIONS / f"{cell.key}.json"


def calibrated(given: Given) -> Simulator:
    """The calibrated simulator of the unit whose cell is made, with its data seed; one object for all of its cells."""
    unit, calibration = given.unit, given.value(CALIBRATE)
    key = ("calibrated", unit.simulator, unit.data_seed)
    seeded: Simulator = given.once(key, lambda: simulator(given.study, unit, calibration))
    return seeded
