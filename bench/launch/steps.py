"""How each stage's value is made, written and read; stages know nothing of cells, and cells nothing of tensors."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import torch

from bench.config.architecture import architecture
from bench.contracts import Attribution, Cohort, Truth, Unsupported
from bench.contracts.validity import Validity
from bench.passes.counting import count_passes
from bench.plan.cells import Cell
from bench.plan.states import committed
from bench.stages import (
    attribute,
    calibrate,
    compare,
    compared,
    convergence,
    effects,
    images,
    measure,
    simulate,
    train,
    truths,
)
from bench.stages.context import method_context, metric_context, simulator
from bench.study import Unit

if TYPE_CHECKING:
    from bench.launch.unit import Bench


def _nowhere(cell: Cell) -> Path | None:
    return None


@dataclass(frozen=True)
class Step:
    """make(bench, cell) -> value; write(folder, value); read(bench, cell, folder) -> value.

    What later cells are given is always what was read back, so a resumed run meets the same bytes as a fresh one.
    given: a committed file that stands for the stored folder. Scores have only `make`, which returns rows.
    """

    make: Callable[["Bench", Cell], Any]
    write: Callable[[Path, Any], None] = lambda folder, value: None
    read: Callable[["Bench", Cell, Path], Any] = lambda bench, cell, folder: None
    given: Callable[[Cell], Path | None] = _nowhere


def network(bench: "Bench", unit: Unit) -> Callable[[], torch.nn.Module]:
    """Builds the untrained network of a unit."""
    made = bench.study.make("simulators", unit.simulator)
    return architecture(bench.study.networks[unit.network], made, bench.study.settings["trusted"])


def _calibrate(bench: "Bench", cell: Cell) -> dict[str, Any]:
    return calibrate.calibrate(bench.study.make("simulators", cell.unit.simulator))


def _write_json(folder: Path, value: Any) -> None:
    (folder / "calibration.json").write_text(json.dumps(value, indent=1) + "\n")


def _read_json(bench: "Bench", cell: Cell, path: Path) -> Any:
    return json.loads((path / "calibration.json" if path.is_dir() else path).read_text())


def _calibration_given(cell: Cell) -> Path | None:
    return committed(cell) if committed(cell).exists() else None


def _simulate(bench: "Bench", cell: Cell) -> Cohort:
    return simulate.cohort(simulator(bench, cell.unit), **bench.study.settings["explain"])


def _bank(bench: "Bench", cell: Cell) -> Callable[[Path], None]:
    sizes = images.sizes(bench.study.training(cell.unit))
    made: Any = bench.study.make("simulators", cell.unit.simulator).with_data_seed(cell.unit.data_seed)
    return lambda folder: made.fill_bank(sizes, folder, bench.progress)


def _images(bench: "Bench", cell: Cell) -> Callable[[Path], None]:
    sizes = images.sizes(bench.study.training(cell.unit))
    made: Any = simulator(bench, cell.unit)
    bank = bench.cells.unit(cell.unit).bank
    healthy = made.with_bank(bench.get(bank)) if bank else made
    return lambda folder: images.make(healthy, sizes, folder, bench.progress)


def _train(bench: "Bench", cell: Cell) -> train.Trained:
    unit, cells = cell.unit, bench.cells.unit(cell.unit)
    return train.train(
        bench.get(cells.images),
        network(bench, unit),
        bench.study.training(unit),
        unit.data_seed,
        unit.init_seed,
        bench.get(cells.calibration),
        bench.progress,
        unit.order_seed,
        bench.get(cells.start).model.state_dict() if cells.start else None,
    )


def _read_trained(bench: "Bench", cell: Cell, folder: Path) -> train.Trained:
    return train.read(folder, network(bench, cell.unit), cell.unit.init_seed)


def _truths(bench: "Bench", cell: Cell) -> Truth:
    cells, use = bench.cells.unit(cell.unit), bench.study.settings["use"]
    cohort, model = bench.get(cells.cohort), bench.get(cells.train).model
    made = simulator(bench, cell.unit)
    with count_passes(model) as bench.passes:
        return truths.use(model, made, cohort, use["draws"], use["subjects"], bench.progress)


def _effects(bench: "Bench", cell: Cell) -> effects.Effects:
    cells, use = bench.cells.unit(cell.unit), bench.study.settings["use"]
    made = simulator(bench, cell.unit)
    if reason := Validity.of(made).undefined.get("effects"):
        raise Unsupported(reason)
    some = bench.get(cells.cohort).take(torch.arange(use["subjects"]))
    model, players = bench.get(cells.train).model, use["players"]
    with count_passes(model) as bench.passes:
        return effects.effects(model, made, some, effects.sick(some), made.target, players, bench.progress)


def _attribute(bench: "Bench", cell: Cell) -> Attribution:
    cells = bench.cells.unit(cell.unit)
    trained = bench.get(cells.train)
    model = trained.untrained() if cell.stage == "untrained" else trained.model
    cohort, method = bench.get(cells.cohort), bench.study.make("methods", cell.method)
    with count_passes(model) as bench.passes:
        return attribute.attribute(method, model, cohort, method_context(bench, cell))


def _first(bench: "Bench", cell: Cell) -> Attribution:
    return measure.first(_full(bench, cell), bench.study.kept)


def _kept(bench: "Bench", cell: Cell) -> convergence.Kept:
    return convergence.Kept(_first(bench, cell), _converged(bench, cell, _full(bench, cell)))


def _converged(bench: "Bench", cell: Cell, maps: Attribution) -> torch.Tensor | None:
    cells = bench.cells.unit(cell.unit)
    model, cohort = bench.get(cells.train).model, bench.get(cells.cohort)
    method = bench.study.make("methods", cell.method)
    return convergence.measured(method, model, cohort, method_context(bench, cell), maps)


def _full(bench: "Bench", cell: Cell) -> Attribution:
    """The maps of every explained subject, read if all of them are kept."""
    return bench.once(("maps", cell.key), lambda: _attribute(bench, cell))


def _maps(bench: "Bench", cell: Cell) -> Attribution:
    whole = bench.study.kept == bench.study.settings["explain"]["subjects"]
    return bench.get(cell) if whole else _full(bench, cell)


def _measure(bench: "Bench", cell: Cell) -> pd.DataFrame:
    cells = bench.cells.unit(cell.unit)
    maps = cells.attribute(cell.method)
    cohort, model = bench.get(cells.cohort), bench.get(cells.train).model
    metric = bench.study.make("metrics", cell.metric)
    present = dict(cohort.truths) | ({"use": bench.get(cells.truths)} if "use" in metric.tags.truths else {})
    method = bench.study.make("methods", cell.method)
    explained = measure.Explained(cell.method, method, _maps(bench, maps), method_context(bench, maps))
    scene = bench.once("scene", lambda: _scene(bench, cell.unit, model, cohort))
    with count_passes(model) as bench.passes:
        return measure.measure(cell.metric, metric, explained, scene, present, bench.study.views)


def _scene(bench: "Bench", unit: Unit, model: torch.nn.Module, cohort: Cohort) -> measure.Scene:
    made = simulator(bench, unit)
    limits, sides = Validity.of(made), made.sides(cohort.targets)
    return measure.Scene(model, cohort, metric_context(bench, unit), limits, sides, made.centre)


def _compare(bench: "Bench", cell: Cell) -> pd.DataFrame:
    cohort = bench.get(bench.cells.unit(cell.parts["maps"][0].unit).cohort)
    metric, context = bench.study.make("metrics", cell.metric), compared.context(cell, cohort)
    return compare.compare(cell.metric, metric, compared.models(bench, cell), cohort, context)


STEPS = {
    "calibrate": Step(_calibrate, _write_json, _read_json, given=_calibration_given),
    "simulate": Step(_simulate, simulate.write, lambda bench, cell, folder: simulate.read(folder)),
    "bank": Step(_bank, lambda folder, make: make(folder), lambda bench, cell, folder: folder),
    "images": Step(_images, lambda folder, make: make(folder), lambda bench, cell, folder: images.read(folder)),
    "train": Step(_train, train.write, _read_trained),
    "truths": Step(_truths, truths.write, lambda bench, cell, folder: truths.read(folder)),
    "effects": Step(_effects, effects.write, lambda bench, cell, folder: effects.read(folder)),
    "attribute": Step(_kept, convergence.write, lambda bench, cell, folder: attribute.read(folder)),
    "untrained": Step(_first, attribute.write, lambda bench, cell, folder: attribute.read(folder)),
    "measure": Step(_measure),
    "compare": Step(_compare),
}
