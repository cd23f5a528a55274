"""Recipes of training: the settings of `train`, checked, and the part of them that a model's key depends on."""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Annotated, Any, Literal, Self

from bench.contracts import BadInput, Between, Count, Part, known
from bench.contracts.arguments import check

#: subjects of a split: four of each class at least
Split = Annotated[int, Between(8, 1_000_000)]


@dataclass(frozen=True)
class Checkpoint:
    """The point where training is cut off: after `at` epochs (any share of one), or at that AUC in validation."""

    by: Literal["epoch", "auc"]
    at: float

    @classmethod
    def read(cls, text: str, epochs: int) -> Self:
        """`epoch-0.5`, `auc-0.8`.

        Raises:
            BadInput: for another form, more epochs than there are, or an AUC outside 0.5 to 1.
        """
        by, _, number = str(text).partition("-")
        try:
            at = float(number)
        except ValueError:
            at = float("nan")
        if by == "epoch" and 0 < at <= epochs:
            return cls("epoch", at)
        if by == "auc" and 0.5 < at < 1:
            return cls("auc", at)
        raise BadInput(
            f"train.checkpoint={text!r} is not possible: give null, epoch-N with N at most train.epochs={epochs}, "
            "or auc-A with A between 0.5 and 1"
        )


@dataclass(frozen=True)
class Sizes:
    """Settings of `train` that say how many subjects the splits have; `subjects` are those of training."""

    subjects: Split
    validation: Split
    test: Split


#: their names
SIZES = tuple(f.name for f in fields(Sizes))


@dataclass(frozen=True)
class Recipe:
    """Settings of gradient descent and of its variants.

    epochs, batch, patience: whole numbers; training stops after `patience` epochs without a better validation loss.
    learning_rate: the highest of a one-cycle schedule, reached after `warmup`, a share of all steps, along a cosine
    and left along another (Smith & Topin 2019). perturbed: share of the training images of which a random box is
    covered by `cover`: 0, the image's mean, or noise of its mean and spread. permuted: learn permuted labels by heart.
    pretrain: the simulator whose model training starts from. checkpoint: where training is cut off, None for the
    weights of the best validation loss. mixed_precision: convolutions and matrix products of training in bfloat16;
    weights, losses and all that is done with the trained model stay float32.
    """

    epochs: Count
    batch: Count
    learning_rate: Annotated[float, Between(0, 10, "both")]
    weight_decay: Annotated[float, Between(0, 10)]
    patience: Count
    warmup: Part = 0.3
    perturbed: Annotated[float, Between(0, 1)] = 0.0
    cover: Literal["zero", "mean", "noise"] = "zero"
    permuted: bool = False
    pretrain: str | None = None
    checkpoint: str | None = None
    mixed_precision: bool = False

    def __post_init__(self) -> None:
        if self.checkpoint is not None:
            Checkpoint.read(self.checkpoint, self.epochs)

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> Self:
        """The recipe of a `train` node.

        Raises:
            BadInput: for a setting that is unknown, missing or impossible, naming it and what to give.
        """
        settings = {f.name: f for f in fields(cls)}
        for name in config:
            known("train", "setting", name, (*SIZES, *settings))
        for name, setting in settings.items():
            if setting.default is MISSING and name not in config:
                raise BadInput(f"train.{name} is missing; give it a value")
        given = {name: value for name, value in config.items() if name in settings}
        check(cls, given, "train")
        return cls(**given)

    @property
    def cut(self) -> Checkpoint | None:
        """The checkpoint, read."""
        return None if self.checkpoint is None else Checkpoint.read(self.checkpoint, self.epochs)


def key_settings(config: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a `train` node that a model's key holds.

    Optional settings are left out where they change nothing, so a key does not depend on which options there are;
    `pretrain` is left out because the key of the model it names stands beside.
    """
    optional = {f.name: f.default for f in fields(Recipe) if f.default is not MISSING}
    idle = {name for name, default in optional.items() if config.get(name, default) == default} | {"pretrain"}
    idle |= {"cover"} if "perturbed" in idle else set()
    return {name: value for name, value in config.items() if name not in idle}


def sizes(config: Mapping[str, Any]) -> dict[str, int]:
    """Subjects of each split.

    Raises:
        BadInput: for a split too small to hold four subjects of each class.
    """
    check(Sizes, {name: config[name] for name in SIZES}, "train")
    return dict(zip(("train", "validation", "test"), (config[name] for name in SIZES), strict=True))
