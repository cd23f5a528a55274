"""Stage truths: `use`, that is what a trained model does when a region's content is redrawn."""

from collections.abc import Callable
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from bench.config.schema import UseSettings
from bench.contracts import Cohort, Simulator, Truth, impossible
from bench.contracts.arguments import check
from bench.passes.counting import Passes, count_passes
from bench.passes.forward import forward
from bench.passes.scores import explained
from bench.stages.calibrate import CALIBRATE, calibrated
from bench.stages.cohort import COHORT
from bench.stages.context import EVALUATION
from bench.stages.stage import Cell, Given, Graph, Stage
from bench.stages.train import TRAIN
from bench.study import Study, Unit


class _Use(Stage[Truth]):
    """Makes the truth `use` of a model."""

    name = "truths"
    version = "2"

    def cell(self, graph: Graph, unit: Unit, method: str, metric: str) -> Cell:
        """One per model."""
        _, cohort, model = needs = tuple(graph.cell(stage, unit) for stage in (CALIBRATE, COHORT, TRAIN))
        sizes = {name: graph.study.settings["use"][name] for name in ("draws", "subjects")}
        content = {"model": model.key, "cohort": cohort.key, **sizes}
        return Cell(self, unit.id, content, unit, needs, self.code(graph, "simulators", unit.simulator))

    def make(self, given: Given) -> tuple[Truth, Passes]:
        sizes, cohort, model = given.study.settings["use"], given.value(COHORT), given.value(TRAIN).model
        simulator = calibrated(given)
        with count_passes(model) as passes:
            return use(model, simulator, cohort, sizes["draws"], sizes["subjects"], given.progress), passes

    def write(self, folder: Path, value: Truth) -> None:
        parts = {"regions": value.regions, "floor": value.floor}
        save_file({name: part for name, part in parts.items() if part is not None}, folder / "use.safetensors")

    def read(self, folder: Path, study: Study, cell: Cell) -> Truth:
        return Truth("use", signed=False, **load_file(folder / "use.safetensors"))

    def work(self, study: Study, cell: Cell) -> float:
        """Every subject once per draw."""
        return float(cell.content["subjects"] * cell.content["draws"])


USE = _Use()


def validate(draws: int, subjects: int, explained: int) -> None:
    """Refuse impossible settings, or more subjects than are explained; raises BadInput."""
    check(UseSettings, {"draws": draws, "subjects": subjects}, "use")
    if subjects > explained:
        raise impossible("use", "subjects", subjects, f"at most explain.subjects={explained}")


def use(
    model: nn.Module,
    simulator: Simulator,
    cohort: Cohort,
    draws: int,
    subjects: int,
    progress: Callable[[float], None] = lambda _: None,
) -> Truth:
    """use(R) of a model: root mean square, over subjects and draws, of f(x) - f(x with R's local latents redrawn).

    Redraws are the same for every model of a simulator. The floor is the split-half noise, half the root mean square
    over regions of RMS(one half of the draws) - RMS(the other half), and never below what float32 rounding can cause;
    it is one number a model, because a region's own two halves differ by luck. Every explained subject of the cohort
    is given the model's one vector (R,).
    """
    validate(draws, subjects, len(cohort))
    squares = []
    for row in range(subjects):
        squares.append(_changes(model, simulator, cohort, row, draws).square())
        progress((row + 1) / subjects)
    square = torch.stack(squares)  # (subjects, R, draws)
    halves = [square[..., half::2].mean((0, 2)).sqrt() for half in (0, 1)]
    value = square.mean((0, 2)).sqrt().float()
    noise = float((halves[0] - halves[1]).square().mean().sqrt() / 2)
    floor = torch.full_like(value, max(noise, _rounding(model, cohort)))
    count = len(cohort)
    return Truth("use", regions=value.repeat(count, 1), floor=floor.repeat(count, 1), signed=False)


def _changes(model: nn.Module, simulator: Simulator, cohort: Cohort, row: int, draws: int) -> Tensor:
    """f(x) - f(x with region r redrawn) of one subject: (R, draws) float64."""
    images = simulator.redraws(int(cohort.subjects[row]), EVALUATION, draws)
    before = explained(forward(model, cohort.images[row : row + 1]), simulator.target)
    after = explained(forward(model, images), simulator.target)
    return (before - after).double().view(-1, draws)


def _rounding(model: nn.Module, cohort: Cohort) -> float:
    """A score change that float32 rounding alone can cause."""
    outputs = forward(model, cohort.images)
    return float(1e-5 * outputs.abs().amax())
