"""Stage effects: what a trained model does with the pathology of each region, switched on its own."""

from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from bench.contracts import Unsupported
from bench.contracts.validity import Validity
from bench.passes.counting import Passes, count_passes
from bench.stages.calibrate import CALIBRATE, calibrated
from bench.stages.cohort import COHORT
from bench.stages.stage import Cell, Given, Graph, Stage
from bench.stages.switching import Effects, effects, sick
from bench.stages.train import TRAIN
from bench.study import Study, Unit


class _Effects(Stage[Effects]):
    """Makes the effects of a model's first subjects."""

    name = "effects"
    version = "2"

    def cell(self, graph: Graph, unit: Unit, method: str, metric: str) -> Cell:
        """One per model."""
        _, cohort, model = needs = tuple(graph.cell(stage, unit) for stage in (CALIBRATE, COHORT, TRAIN))
        sizes = {name: graph.study.settings["use"][name] for name in ("subjects", "players")}
        content = {"model": model.key, "cohort": cohort.key, **sizes}
        return Cell(self, unit.id, content, unit, needs, self.code(graph, "simulators", unit.simulator))

    def make(self, given: Given) -> tuple[Effects, Passes]:
        sizes, simulator = given.study.settings["use"], calibrated(given)
        if reason := Validity.of(simulator).undefined.get("effects"):
            raise Unsupported(reason)
        cohort = given.value(COHORT).take(torch.arange(sizes["subjects"]))
        model, players = given.there(TRAIN).model, sizes["players"]
        with count_passes(model) as passes:
            return effects(model, simulator, cohort, sick(cohort), simulator.target, players, given.progress), passes

    def write(self, folder: Path, value: Effects) -> None:
        save_file({name: part.contiguous() for name, part in value._asdict().items()}, folder / "effects.safetensors")

    def read(self, folder: Path, study: Study, cell: Cell) -> Effects:
        return Effects(**load_file(folder / "effects.safetensors"))

    def work(self, study: Study, cell: Cell) -> float:
        """Every subject once per coalition."""
        return float(cell.content["subjects"] * 2 ** cell.content["players"])


EFFECTS = _Effects()
