"""Covariates: what else differs between subjects and may go with the label, such as age, sex, site or scanner."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal

import numpy as np

from bench.contracts import Between, bounded, impossible, known, require
from simulators.local import Local
from simulators.nuisance import Scan

#: latents that a covariate can move. All are relative changes, so that 0.1 is a tenth more: size of the head and of the
#: lateral ventricles (linear), volume of all grey matter; log gain, log bias from left to right and log noise
SHAPE = ("shape.size", "shape.ventricles")
RENDERED = ("local.volume", "nuisance.gain", "nuisance.bias", "nuisance.noise")
#: effects that a covariate can have, and values that it can be set to
EFFECT = Annotated[float, Between(-0.5, 0.5, unit="(relative change per unit)")]
VALUE = Annotated[float, Between(-5, 5, unit="SDs from the mean")]


@bounded
@dataclass(frozen=True)
class Covariate:
    """A property of subjects that goes with their side (patients 1, controls -1, others 0).

    name: for people, and of the random stream. correlation: with the side in training, validation and test, 0 to 1.
    effects: what one unit adds to a latent, e.g. {shape.ventricles: 0.1}. values: normal (mean 0, SD 1) or binary
    (-1 and 1, equally often).
    """

    version: ClassVar[str] = "1"
    name: str
    correlation: Annotated[float, Between(0, 1)]
    effects: Mapping[str, EFFECT] = field(hash=False)
    values: Literal["normal", "binary"] = "normal"

    def __post_init__(self) -> None:
        if not self.effects:
            raise impossible(self, "effects", {}, f"what it changes, e.g. {RENDERED[0]}: 0.02")
        for latent in self.effects:
            known("Covariate.effects", "latent", latent, (*SHAPE, *RENDERED))

    def value(self, side: int, sign: int, draw: Callable[[str], np.random.Generator]) -> float:
        """The subject's value: the same draw moved by its side (-1, 0 or 1), as far as the correlation has it.

        sign: of the correlation in the subject's stream.
        """
        rng, pull = draw(f"covariate-{self.name}"), sign * self.correlation * side
        if self.values == "binary":
            return 1.0 if rng.uniform() < (1 + pull) / 2 else -1.0
        spread = np.sqrt(1 - pull**2)
        return float(pull + spread * rng.standard_normal())

    def require(self, value: Any) -> None:
        """Refuse a value that no subject could have.

        Raises:
            BadInput: where it is not a number from -5 to 5, or not -1 or 1 of a binary covariate.
        """
        require("do.covariates", self.name, value, VALUE)
        if self.values == "binary" and abs(value) != 1:
            raise impossible("do.covariates", self.name, value, "-1 or 1, of which it is one")


def offsets(covariates: Iterable[Covariate], values: Mapping[str, float]) -> dict[str, float]:
    """Sum by latent of what covariates of these values, by name, add to it."""
    added: dict[str, float] = {}
    for covariate in covariates:
        for latent, effect in covariate.effects.items():
            added[latent] = added.get(latent, 0.0) + effect * values[covariate.name]
    return added


def shape_with(shape: Mapping[str, Any], added: Mapping[str, float]) -> Mapping[str, Any]:
    """The shape latents of a subject with what its covariates add."""
    moved = {}
    for latent, name in (("shape.size", "scale"), ("shape.ventricles", "ventricles")):
        if latent in added:
            moved[name] = shape[name] + np.float32(added[latent])
    return {**shape, **moved} if moved else shape


def local_with(local: Local, added: Mapping[str, float]) -> Local:
    """The local latents of a subject with what its covariates add."""
    if not added:
        return local
    inside = np.arange(len(local.volume)) > 0
    return local._replace(volume=local.volume + np.float32(added.get("local.volume", 0.0)) * inside)


def scan_with(scan: Scan, added: Mapping[str, float]) -> Scan:
    """A scan of a subject with what its covariates add."""
    if not added:
        return scan
    bias = scan.bias.copy()
    bias[0] += np.float32(added.get("nuisance.bias", 0.0))
    return scan._replace(
        bias=bias,
        gain=scan.gain + added.get("nuisance.gain", 0.0),
        noise=scan.noise * float(np.exp(added.get("nuisance.noise", 0.0))),
    )
