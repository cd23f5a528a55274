"""Training of one model: its learning curve, and the evidence that it uses the planted signal."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from bench.contracts import Batch, Unsupported
from bench.contracts.plugins import KnownMechanism, SelfFitting
from bench.devices.moving import HOME
from bench.passes.forward import forward
from bench.passes.layout import fast_layout
from bench.seeds import seed
from bench.training.alter import permute
from bench.training.descent import Curve, Descent, Diverged
from bench.training.gate import exempt, never
from bench.training.images import Images
from bench.training.objective import Objective, objective, require_classes
from bench.training.recipe import Recipe
from bench.training.transfer import transfer

Progress = Callable[[float], None]
#: images on which a model is compared with what its stored weights make of the untrained one, and how closely
READ_BACK, CLOSE = 8, 1e-4


class Seeds(NamedTuple):
    """data: of the subjects. init: of the initialisation. order: of the order of training and what it draws."""

    data: int
    init: int
    order: int


class NotKept(RuntimeError):
    """A model that is another one once it is read back."""


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
    seeds: Seeds,
    calibration: dict[str, Any],
    progress: Progress = lambda _: None,
    start: Mapping[str, Tensor] | None = None,
    device: torch.device = HOME,
) -> Trained:
    """Train a network as `bench.training.recipe.Recipe` says, on cross-entropy or on squared error, and judge it.

    calibration: what the reference observer reached, which the gate compares with. start: the state of a model to go
    on from, in place of the initialisation; a readout of another number of outputs is new. A network that fits itself
    (`SelfFitting`) does so, in main memory. device: where it is trained and judged, and lies afterwards; images are
    brought there batch by batch.

    Raises:
        Diverged: naming the step at which the loss stopped being finite. NotKept: where training changed more than the
            weights and buffers, which alone are stored.
        BadInput: for a setting that is impossible, a class without subjects, or a start of another architecture.
        Undefined: where a checkpoint was not reached. Unsupported: for variants of gradient descent that a network
            that fits itself has no use for.
    """
    recipe, aim = Recipe.of(config), objective(images.train)
    untrained = initialised(build, seeds.init, images.train.images.shape[2:])
    axes = {"data": seeds.data, "model": seeds.order}
    model, transferred = untrained(), {}
    require_classes(images, forward(model, images.validation.images[:2]).shape[1])
    if start is not None:
        transferred = {"start": fingerprint(start), "new": transfer(model, start)}
    seen = permute(images, _generator("permuted", axes)) if recipe.permuted else images
    with torch.random.fork_rng():
        # dropout draws from the global stream, on a GPU from that of its own
        torch.manual_seed(seed(draw="dropout", **axes))
        if not isinstance(model, SelfFitting):
            model.to(device)
        curve = _fit(model, seen, aim, recipe, axes, progress, start is not None)
    model.to(device)
    check_kept(model, untrained().to(device), images.validation.images[:READ_BACK])
    record = {
        "train_subjects": len(images.train),
        "epochs": len(curve),
        "curve": curve,
        "weights": fingerprint(model.state_dict()),
        **transferred,
        **({"memorised": round(aim.auc(model, seen.train), 6)} if recipe.permuted else {}),
        **aim.judge(model, images, calibration),
    }
    if recipe.permuted:
        record = never(record, "trained on permuted labels")
    elif isinstance(model, KnownMechanism):
        record = exempt(record)
    return Trained(model, record, untrained)


def initialised(build: Callable[[], nn.Module], init_seed: int, shape: tuple[int, ...]) -> Callable[[], nn.Module]:
    """Builds the untrained network of a seed, in evaluation mode; the global stream of numbers stays where it was.

    shape: (D, H, W) of its images.
    """

    def untrained() -> nn.Module:
        with torch.random.fork_rng():
            torch.manual_seed(seed(draw="initialisation", model=init_seed))
            return fast_layout(build(), shape).eval()

    return untrained


def check_kept(model: nn.Module, untrained: nn.Module, images: Tensor) -> None:
    """Raise NotKept for a model whose state, given to its untrained self, does not make the same outputs of images.

    Else the model that is judged here would not be the one that is explained.
    """
    mend = "what training changes must be a parameter or a buffer that is stored"
    try:
        untrained.load_state_dict(model.state_dict())
    except RuntimeError as error:
        raise NotKept(
            f"the trained model cannot be read back ({str(error).splitlines()[-1].strip()}); {mend}"
        ) from error
    here, back = forward(model, images), forward(untrained, images)
    if not torch.allclose(here, back, rtol=CLOSE, atol=CLOSE * here.std().nan_to_num().item(), equal_nan=True):
        raise NotKept(f"the trained model has other outputs once it is read back; {mend}")


def _generator(draw: str, axes: Mapping[str, int]) -> torch.Generator:
    return torch.Generator().manual_seed(seed(draw=draw, **axes))


def _fit(
    model: nn.Module,
    images: Images,
    aim: Objective,
    recipe: Recipe,
    axes: Mapping[str, int],
    progress: Progress,
    started: bool,
) -> Curve:
    if isinstance(model, SelfFitting):
        variants = {
            **{"perturbed": bool(recipe.perturbed), "checkpoint": bool(recipe.checkpoint), "pretrain": started},
            "mixed_precision": recipe.mixed_precision,
        }
        for name in (name for name, used in variants.items() if used):
            raise Unsupported(f"this network fits itself, so there is no gradient descent for train.{name} to change")
        return _fit_itself(model, images, aim, _generator("fit", axes))
    order = np.random.default_rng(seed(draw="order", **axes))
    return Descent(model, images, aim, recipe, order, _generator("covers", axes)).run(progress)


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
        digest.update(name.encode() + value.cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()[:16]
