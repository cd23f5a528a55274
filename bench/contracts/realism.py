"""Realism: healthy simulated subjects measured beside what is known of people."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np


class BesideNorm(NamedTuple):
    """A quantity of simulated subjects with its standard error, beside its norm.

    norm, low, high: the value in people, and bounds of what passes for it; NaN where a number is reported and not
    judged. people, ages, source: who was measured, and where that stands.
    """

    structure: str
    quantity: str
    simulated: float
    error: float
    norm: float
    low: float
    high: float
    people: int
    ages: str
    source: str

    @property
    def verdict(self) -> str:
        """Whether the simulated value lies inside the bounds: "inside", "outside", or "" where there are none."""
        if np.isnan(self.low):
            return ""
        return "inside" if self.low <= self.simulated <= self.high else "outside"


@dataclass(frozen=True)
class Spectrum:
    """Power of texture, simulated over reference, at spatial frequencies per mm; one row a subject (n, F)."""

    frequencies: np.ndarray
    ratios: np.ndarray


@dataclass(frozen=True)
class Realism:
    """All that was measured of an anatomy. volumes: by structure, in ml, (subjects, sides)."""

    title: str
    subjects: int
    findings: tuple[BesideNorm, ...]
    volumes: Mapping[str, np.ndarray]
    spectrum: Spectrum
