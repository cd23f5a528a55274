"""Stage train: one model of a unit, with its learning curve and the verdict of the competence gate."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file
from torch import nn

from bench.config.architecture import architecture, parameters
from bench.contracts import BadInput
from bench.passes.counting import Passes
from bench.stages.calibrate import CALIBRATE
from bench.stages.images import IMAGES
from bench.stages.stage import Cell, Given, Graph, Stage
from bench.study import Node, Study, Unit
from bench.training.recipe import key_settings
from bench.training.training import Seeds, Trained, initialised, train


class _Train(Stage[Trained]):
    """Trains from scratch, or goes on from the model of another simulator."""

    name = "train"
    version = "1"
    keeps = "models"
    lower = "train.batch or hydra.launcher.n_jobs"

    def cell(self, graph: Graph, unit: Unit, method: str, metric: str) -> Cell:
        """One per unit; the images of its data seed are drawn on the way."""
        calibration, images = graph.cell(CALIBRATE, unit), graph.cell(IMAGES, unit)
        before = graph.study.pretrained(unit)
        start = (graph.cell(self, before),) if before else ()
        pair = {"init_seed": unit.init_seed, "order_seed": unit.order_seed}
        content = {
            "calibration": calibration.key,
            "network": graph.describe("networks", unit.network),
            "train": key_settings(graph.study.training(unit)),
            "data_seed": unit.data_seed,
            **(pair if unit.crossed else {"model_seed": unit.model_seed}),
            **({"start": start[0].key} if start else {}),
        }
        source, caches = self.code(graph, "networks", unit.network), (*images.caches, images)
        return Cell(self, unit.id, content, unit, (calibration, *start), source, caches=caches)

    def make(self, given: Given) -> tuple[Trained, Passes]:
        """Train; passes are not counted, as hooks would slow them down."""
        unit, (_, *start) = given.unit, given.cell.needs
        trained = train(
            given.value(IMAGES),
            network(given.study, unit),
            given.study.training(unit),
            Seeds(unit.data_seed, unit.init_seed, unit.order_seed),
            given.value(CALIBRATE),
            given.progress,
            given.of(start[0]).model.state_dict() if start else None,
            given.device,
        )
        return trained, Passes()

    def write(self, folder: Path, value: Trained) -> None:
        write(folder, value)

    def read(self, folder: Path, study: Study, cell: Cell) -> Trained:
        """The model, built anew with its weights."""
        shape = study.make("simulators", cell.unit.simulator).shape
        return read(folder, network(study, cell.unit), cell.unit.init_seed, shape)

    def work(self, study: Study, cell: Cell) -> float:
        """Every training subject once per epoch."""
        return float(cell.content["train"]["subjects"] * cell.content["train"]["epochs"])

    def disk(self, study: Study, cell: Cell, voxels: int) -> float:
        """The weights, float32."""
        return 4.0 * parameters(network(study, cell.unit))

    def configuration(self, study: Study, cell: Cell) -> dict[str, Node]:
        """The simulator, the network, and how it is trained."""
        nodes = {"network": study.networks[cell.unit.network], "train": study.training(cell.unit)}
        return {**super().configuration(study, cell), **nodes}


TRAIN = _Train()


def network(study: Study, unit: Unit) -> Callable[[], nn.Module]:
    """Builds the untrained network of a unit."""
    simulator = study.make("simulators", unit.simulator)
    return architecture(study.networks[unit.network], simulator, study.settings["trusted"])


def write(folder: Path, trained: Trained) -> None:
    """Write weights as safetensors and the record as JSON."""
    save_file({k: v.contiguous() for k, v in trained.model.state_dict().items()}, folder / "model.safetensors")
    (folder / "model.json").write_text(json.dumps(trained.record, indent=1))


def read(folder: Path, build: Callable[[], nn.Module], init_seed: int, shape: tuple[int, ...]) -> Trained:
    """The model `write` wrote; shape: (D, H, W) of its images."""
    untrained = initialised(build, init_seed, shape)
    model = untrained()
    try:
        model.load_state_dict(load_file(folder / "model.safetensors"))
    except RuntimeError as error:
        raise BadInput(f"{folder} holds a model of another architecture; remove it, and it is trained again") from error
    return Trained(model, record(folder), untrained)


def record(folder: Path) -> dict[str, Any]:
    """The record of a stored model: curve, verdict of the gate, fingerprint."""
    known: dict[str, Any] = json.loads((folder / "model.json").read_text())
    return known
