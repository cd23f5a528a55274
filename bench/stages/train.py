"""Stage train: one model, its learning curve, and the evidence that it uses the planted signal."""

import copy
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from bench.contracts import BadInput, Batch
from bench.passes.forward import forward
from bench.seeds import seed
from bench.stages.images import Images
from bench.stages.objective import Objective, objective

Progress = Callable[[float], None]


@dataclass
class Trained:
    """A model in evaluation mode, what is known of it, and how to make its untrained self."""

    model: nn.Module
    record: dict[str, Any]
    untrained: Callable[[], nn.Module] = field(repr=False)


class Diverged(ArithmeticError):
    """Training met a loss that is not finite."""


def train(
    images: Images,
    build: Callable[[], nn.Module],
    config: Mapping[str, Any],
    data_seed: int,
    model_seed: int,
    calibration: dict[str, Any],
    progress: Progress = lambda _: None,
) -> Trained:
    """Train a network and judge it.

    AdamW with a one-cycle learning rate on cross-entropy, or on the squared error of standardised values; the weights
    of the best validation loss are kept, and training stops after `patience` epochs without a better one. The model
    seed fixes initialisation and order, each hashed separately. calibration: what the reference observer reached, which
    the gate compares with.

    Raises:
        Diverged: naming the step at which the loss stopped being finite.
    """
    validate(config)
    aim = objective(images.train)
    untrained = _initialise(build, model_seed)
    with torch.random.fork_rng():
        # dropout draws from the global stream
        torch.manual_seed(seed(draw="dropout", data=data_seed, model=model_seed))
        model, curve = _fit(untrained(), images, aim, config, _order(data_seed, model_seed), progress)
    record = {
        "train_subjects": len(images.train),
        "epochs": len(curve),
        "curve": curve,
        "weights": _fingerprint(model),
        **aim.judge(model, images, calibration),
    }
    return Trained(model, record, untrained)


def write(folder: Path, trained: Trained) -> None:
    """Write weights as safetensors and the record as JSON."""
    save_file({k: v.contiguous() for k, v in trained.model.state_dict().items()}, folder / "model.safetensors")
    (folder / "model.json").write_text(json.dumps(trained.record, indent=1))


def read(folder: Path, build: Callable[[], nn.Module], model_seed: int) -> Trained:
    """The model `write` wrote."""
    untrained = _initialise(build, model_seed)
    model = untrained()
    model.load_state_dict(load_file(folder / "model.safetensors"))
    return Trained(model, json.loads((folder / "model.json").read_text()), untrained)


def validate(config: Mapping[str, Any]) -> None:
    """Refuse settings that cannot train.

    Raises:
        BadInput: naming the key, its value and what to give.
    """
    for key in ("epochs", "batch", "patience"):
        if not isinstance(config[key], int) or config[key] < 1:
            raise BadInput(f"train.{key}={config[key]!r} is not possible: give a whole number of at least 1.")
    if not 0 < config["learning_rate"] < 10:
        raise BadInput(f"train.learning_rate={config['learning_rate']!r} is not possible: give a number in (0, 10).")


def _initialise(build: Callable[[], nn.Module], model_seed: int) -> Callable[[], nn.Module]:
    def untrained() -> nn.Module:
        with torch.random.fork_rng():
            torch.manual_seed(seed(draw="initialisation", model=model_seed))
            # the channels-last layout makes small 3D convolutions about twice as fast on a CPU
            return nn.Module.to(build(), memory_format=torch.channels_last_3d).eval()  # type: ignore[call-overload]

    return untrained


def _order(data_seed: int, model_seed: int) -> np.random.Generator:
    return np.random.default_rng(seed(draw="order", data=data_seed, model=model_seed))


def _fit(
    model: nn.Module,
    images: Images,
    aim: Objective,
    config: Mapping[str, Any],
    order: np.random.Generator,
    progress: Progress,
) -> tuple[nn.Module, list[dict[str, float]]]:
    count, batch, epochs = len(images.train), config["batch"], config["epochs"]
    steps = -(-count // batch)
    optimiser = torch.optim.AdamW(model.parameters(), config["learning_rate"], weight_decay=config["weight_decay"])
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, config["learning_rate"], epochs * steps)
    best, kept, curve = float("inf"), copy.deepcopy(model.state_dict()), []
    for epoch in range(epochs):
        rows = torch.from_numpy(order.permutation(count))
        loss = _epoch(model, images.train, aim, rows.split(batch), optimiser, schedule, epoch * steps)
        validation = aim.loss(forward(model, images.validation.images), images.validation.targets).item()
        curve.append({"train_loss": round(loss, 6), "validation_loss": round(validation, 6)})
        if validation < best:
            best, kept, waited = validation, copy.deepcopy(model.state_dict()), 0
        else:
            waited += 1
        progress((epoch + 1) / epochs)
        if waited >= config["patience"]:
            break
    model.load_state_dict(kept)
    return model.eval(), curve


def _epoch(
    model: nn.Module, data: Batch, aim: Objective, batches: tuple[Tensor, ...], optimiser: Any, schedule: Any, step: int
) -> float:
    model.train()
    total = 0.0
    for offset, rows in enumerate(batches):
        optimiser.zero_grad()
        x = data.images[rows].contiguous(memory_format=torch.channels_last_3d)
        loss = aim.loss(model(x), data.targets[rows])
        if not torch.isfinite(loss):
            raise Diverged(
                f"training diverged at step {step + offset}: the loss is {loss.item()}; lower train.learning_rate"
            )
        loss.backward()
        optimiser.step()
        schedule.step()
        total += loss.item() * len(rows)
    model.eval()
    return total / sum(map(len, batches))


def _fingerprint(model: nn.Module) -> str:
    digest = hashlib.sha256()
    for name, value in sorted(model.state_dict().items()):
        digest.update(name.encode() + value.contiguous().numpy().tobytes())
    return digest.hexdigest()[:16]
