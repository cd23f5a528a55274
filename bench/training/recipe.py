"""Recipes of training: the settings of `train`, checked, and the part of them that a model's key depends on."""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any, Literal, Self

from bench.contracts import BadInput, known

#: settings that say how many subjects the splits have
SIZES = ("subjects", "validation", "test")
#: what covers a part of an image in training: 0, the image's mean, or noise of its mean and spread
COVERS = ("zero", "mean", "noise")


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
class Recipe:
    """Settings of gradient descent and of its variants.

    epochs, batch, patience: whole numbers; training stops after `patience` epochs without a better validation loss.
    learning_rate: the highest of a one-cycle schedule, reached after `warmup`, a share of all steps, along a cosine
    and left along another (Smith & Topin 2019). perturbed: share of the training images of which a random box is
    covered by `cover`. permuted: learn permuted labels by heart. pretrain: the simulator whose model training starts
    from. checkpoint: where training is cut off, None for the weights of the best validation loss.
    """

    epochs: int
    batch: int
    learning_rate: float
    weight_decay: float
    patience: int
    warmup: float = 0.3
    perturbed: float = 0.0
    cover: str = "zero"
    permuted: bool = False
    pretrain: str | None = None
    checkpoint: str | None = None

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
        recipe = cls(**{name: value for name, value in config.items() if name in settings})
        recipe._check()
        return recipe

    def _check(self) -> None:
        for name in ("epochs", "batch", "patience"):
            if type(value := getattr(self, name)) is not int or value < 1:
                raise _refuse(name, value, "a whole number of at least 1")
        for name, low, high in (("learning_rate", 0, 10), ("warmup", 0, 1)):
            if not _number(value := getattr(self, name)) or not low < value < high:
                raise _refuse(name, value, f"a number in ({low}, {high})")
        for name, high in (("weight_decay", 10), ("perturbed", 1)):
            if not _number(value := getattr(self, name)) or not 0 <= value <= high:
                raise _refuse(name, value, f"a number from 0 to {high}")
        if self.cover not in COVERS:
            raise _refuse("cover", self.cover, f"one of {', '.join(COVERS)}")
        if not isinstance(self.permuted, bool):
            raise _refuse("permuted", self.permuted, "true or false")
        if self.pretrain is not None and not isinstance(self.pretrain, str):
            raise _refuse("pretrain", self.pretrain, "the name of a simulator of this study, or null")
        self.cut  # noqa: B018

    @property
    def cut(self) -> Checkpoint | None:
        """The checkpoint, read."""
        return None if self.checkpoint is None else Checkpoint.read(self.checkpoint, self.epochs)


def identity(config: Mapping[str, Any]) -> dict[str, Any]:
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
    for name in SIZES:
        if not isinstance(count := config[name], int) or not 8 <= count <= 1_000_000:
            raise BadInput(f"train.{name}={count!r} is not possible: give a whole number from 8 to 1000000")
    return dict(zip(("train", "validation", "test"), (config[name] for name in SIZES), strict=True))


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _refuse(name: str, value: Any, wanted: str) -> BadInput:
    return BadInput(f"train.{name}={value!r} is not possible: give {wanted}")
