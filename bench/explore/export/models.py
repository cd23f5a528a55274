"""Trained models as files that anyone can open: weights as safetensors, the network and its settings as JSON."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from bench.config.architecture import learnt_of
from bench.config.build import TARGET
from bench.plan.cells import Cells
from bench.plan.states import StoredCells
from bench.stages.train import TRAIN
from bench.study import Study

WEIGHTS, ARGUMENTS, ABOUT = "model.safetensors", "arguments.safetensors", "model.json"
#: what a loader needs beside torch and safetensors is the network's class, and so this project on the path of Python
LOADER = '''"""Exported models: load("derivatives/MODEL")(images) gives outputs (N, K) of images (N, 1, D, H, W)."""

import importlib
import json
from pathlib import Path

from safetensors.torch import load_file


def load(folder):
    folder = Path(folder)
    about = json.loads((folder / "model.json").read_text())
    module, _, name = about["class"].rpartition(".")
    known = {**about["arguments"], **load_file(folder / "arguments.safetensors")}
    model = getattr(importlib.import_module(module), name)(**known)
    model.load_state_dict(load_file(folder / "model.safetensors"))
    return model.eval()
'''


class ExportedModel(NamedTuple):
    """A trained model, the node of its network, what its constructor was told of the simulator, and its record."""

    name: str
    model: nn.Module
    node: dict[str, Any]
    learnt: dict[str, Any]
    about: dict[str, Any]

    def write(self, folder: Path) -> None:
        """Weights, arguments that are tensors, and all else as JSON."""
        folder.mkdir(parents=True, exist_ok=True)
        arguments = {name: value for name, value in self.node.items() if name != TARGET} | self.learnt
        tensors = {name: value.contiguous() for name, value in arguments.items() if isinstance(value, Tensor)}
        plain = {name: value for name, value in arguments.items() if name not in tensors}
        save_file({name: value.contiguous() for name, value in self.model.state_dict().items()}, folder / WEIGHTS)
        save_file(tensors, folder / ARGUMENTS)
        content = {"class": self.node[TARGET], "arguments": plain, **self.about}
        (folder / ABOUT).write_text(json.dumps(content, indent=1) + "\n")


def stored_models(study: Study, simulator: str) -> Iterator[ExportedModel]:
    """The models of a simulator that the command names, where the store has them; none is trained for this."""
    cells, store = Cells(study), StoredCells.of(study)
    place = study.make("simulators", simulator)
    for unit in (u for u in study.units if u.simulator == simulator):
        cell = cells.cell(TRAIN, unit)
        if store.record(cell) is None:
            continue
        trained, node = store.value(cell), study.networks[unit.network]
        learnt = learnt_of(node, place, study.settings["trusted"])
        seeds = {"data_seed": unit.data_seed, "init_seed": unit.init_seed, "order_seed": unit.order_seed}
        facts = {name: trained.record[name] for name in ("auc", "competence", "passed") if name in trained.record}
        about = {
            "simulator": simulator,
            **seeds,
            "explained_score": _target(place.target),
            **facts,
            "torch": torch.__version__,
        }
        yield ExportedModel(unit.id, trained.model, node, learnt, about)


def _target(target: Any) -> Any:
    """The explained score: a class, two whose difference it is, or one class a subject."""
    return target.tolist() if isinstance(target, Tensor) else target
