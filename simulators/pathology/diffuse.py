"""Diffuse atrophy: all grey matter of the brain gives way to fluid; no place is more diseased than another."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np

from bench.contracts import Between, bounded
from bench.contracts.validity import Validity
from simulators.observe.observers import Observer, WholeBrain
from simulators.space.place import Place


@bounded
@dataclass(frozen=True)
class Diffuse:
    """Diffuse atrophy.

    severity_sd: SD of the log-normal severity (median 1).
    """

    version: ClassVar[str] = "1"
    family: ClassVar[str] = "diffuse loss"
    summary: ClassVar[str] = "Grey matter loss everywhere, graded by a subject's severity."
    tissues: ClassVar[tuple[str, ...]] = ("gm",)
    becomes: ClassVar[str] = "fluid"
    observer: ClassVar[type[Observer]] = WholeBrain
    validity: ClassVar[Validity] = Validity(without_sets="grey matter is lost everywhere: no place is more diseased")
    severity_sd: Annotated[float, Between(0, 1)] = 0.25

    def validate(self, region_names: tuple[str, ...]) -> None:
        """No region is named, so every anatomy will do."""

    def draw(self, rng: np.random.Generator, place: Place) -> dict[str, Any]:
        """One subject's severity."""
        return {"severity": float(np.exp(self.severity_sd * rng.standard_normal()))}

    def extent(self, place: Place, latents: Mapping[str, Any]) -> np.ndarray:
        """Share (D, H, W) of the tissue that amplitude 1 at severity 1 would take: 1 in the brain."""
        return place.warped.brain.astype(np.float32)
