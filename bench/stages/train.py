"""Stage train: one model, its learning curve, and the evidence that it uses the planted signal."""

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

from bench.contracts import BadInput, Batch, Unsupported
from bench.contracts.plugins import SelfFitting
from bench.passes.forward import forward
from bench.seeds import seed
from bench.stages.alter import permute
from bench.stages.descent import Curve, Descent, Diverged
from bench.stages.gate import never
from bench.stages.images import Images
from bench.stages.objective import Objective, objective, require_classes
from bench.stages.recipe import Recipe
from bench.stages.transfer import transfer

Progress = Callable[[float], None]


@dataclass
class Trained:
    """A model in evaluation mode, what is known of it, and how to make its untrained self."""

    model: nn.Module
    record: dict[str, Any]
    untrained: Callable[[], nn.Module] = field(repr=False)


def train(
    images: Images,
    build: Callable[[], nn.Module],
    config: Mapping[str, Any],
    data_seed: int,
    model_seed: int,
    calibration: dict[str, Any],
    progress: Progress = lambda _: None,
    order_seed: int | None = None,
    start: Mapping[str, Tensor] | None = None,
) -> Trained:
    """Train a network as `bench.stages.recipe.Recipe` says, on cross-entropy or on squared error, and judge it.

    model_seed: fixes initialisation and order, each hashed separately; order_seed, where given, stands for it in all
    but the initialisation. calibration: what the reference observer reached, which the gate compares with. start:
    the state of a model to go on from, in place of the initialisation; a readout of another number of outputs is new.
    A network that fits itself (`SelfFitting`) does so.

    Raises:
        Diverged: naming the step at which the loss stopped being finite.
        BadInput: for a setting that is impossible, a class without subjects, or a start of another architecture.
        Undefined: where a checkpoint was not reached. Unsupported: for arms of gradient descent that a network that
            fits itself has no use for.
    """
    recipe, aim = Recipe.of(config), objective(images.train)
    untrained = _initialise(build, model_seed)
    drawn = {"data": data_seed, "model": model_seed if order_seed is None else order_seed}
    model, told = untrained(), {}
    require_classes(images, forward(model, images.validation.images[:2]).shape[1])
    if start is not None:
        told = {"start": fingerprint(start), "new": transfer(model, start)}
    seen = permute(images, _generator("permuted", drawn)) if recipe.permuted else images
    with torch.random.fork_rng():
        # dropout draws from the global stream
        torch.manual_seed(seed(draw="dropout", **drawn))
        curve = _fit(model, seen, aim, recipe, drawn, progress, start is not None)
    record = {
        "train_subjects": len(images.train),
        "epochs": len(curve),
        "curve": curve,
        "weights": fingerprint(model.state_dict()),
        **told,
        **({"memorised": round(aim.auc(model, seen.train), 6)} if recipe.permuted else {}),
        **aim.judge(model, images, calibration),
    }
    return Trained(model, never(record, "trained on permuted labels") if recipe.permuted else record, untrained)


def write(folder: Path, trained: Trained) -> None:
    """Write weights as safetensors and the record as JSON."""
    save_file({k: v.contiguous() for k, v in trained.model.state_dict().items()}, folder / "model.safetensors")
    (folder / "model.json").write_text(json.dumps(trained.record, indent=1))


def read(folder: Path, build: Callable[[], nn.Module], model_seed: int) -> Trained:
    """The model `write` wrote."""
    untrained = _initialise(build, model_seed)
    model = untrained()
    try:
        model.load_state_dict(load_file(folder / "model.safetensors"))
    except RuntimeError as error:
        raise BadInput(f"{folder} holds a model of another architecture: remove it, and it is trained again") from error
    return Trained(model, json.loads((folder / "model.json").read_text()), untrained)


def _initialise(build: Callable[[], nn.Module], model_seed: int) -> Callable[[], nn.Module]:
    def untrained() -> nn.Module:
        with torch.random.fork_rng():
            torch.manual_seed(seed(draw="initialisation", model=model_seed))
            # the channels-last layout makes small 3D convolutions about twice as fast on a CPU
            return nn.Module.to(build(), memory_format=torch.channels_last_3d).eval()  # type: ignore[call-overload]

    return untrained


def _generator(draw: str, drawn: Mapping[str, int]) -> torch.Generator:
    return torch.Generator().manual_seed(seed(draw=draw, **drawn))


def _fit(
    model: nn.Module,
    images: Images,
    aim: Objective,
    recipe: Recipe,
    drawn: Mapping[str, int],
    progress: Progress,
    started: bool,
) -> Curve:
    if isinstance(model, SelfFitting):
        arms = {"perturbed": bool(recipe.perturbed), "checkpoint": bool(recipe.checkpoint), "pretrain": started}
        for name in (name for name, used in arms.items() if used):
            raise Unsupported(f"this network fits itself, so there is no gradient descent for train.{name} to change")
        return _fit_itself(model, images, aim, _generator("fit", drawn))
    order = np.random.default_rng(seed(draw="order", **drawn))
    return Descent(model, images, aim, recipe, order, _generator("covers", drawn)).run(progress)


def _fit_itself(model: Any, images: Images, aim: Objective, generator: torch.Generator) -> Curve:
    model.fit(aim.standard(images.train), aim.standard(images.validation), generator)
    model.eval()
    losses = {f"{name}_loss": _loss(model, aim, getattr(images, name)) for name in ("train", "validation")}
    if not np.isfinite(list(losses.values())).all():
        raise Diverged(f"the network's own fit ended with losses that are not finite: {losses}")
    return [losses]


def _loss(model: nn.Module, aim: Objective, data: Batch) -> float:
    return round(aim.loss(forward(model, data.images), data.targets).item(), 6)


def fingerprint(state: Mapping[str, Tensor]) -> str:
    """16 hexadecimal digits of a model's state."""
    digest = hashlib.sha256()
    for name, value in sorted(state.items()):
        digest.update(name.encode() + value.contiguous().numpy().tobytes())
    return digest.hexdigest()[:16]
