"""Hypometabolism: grey matter of named regions takes up less tracer, its volume unchanged."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from bench.contracts import bounded
from simulators.anatomy.protocol import Warped
from simulators.observe.observers import FixedPlace, Observer
from simulators.pathology.regional import RegionalPathology


@bounded
@dataclass(frozen=True)
class Hypometabolism(RegionalPathology):
    """Regional hypometabolism."""

    version: ClassVar[str] = "1"
    family: ClassVar[str] = "hypometabolism"
    summary: ClassVar[str] = "Loss of uptake in named regions, in proportion to the uptake of their grey matter."
    tissues: ClassVar[tuple[str, ...]] = ()
    becomes: ClassVar[str] = ""
    regions_hold: ClassVar[tuple[str, ...]] = ("gm",)
    observer: ClassVar[type[Observer]] = FixedPlace

    def change(self, share: np.ndarray, signal: np.ndarray, warped: Warped, latents: Mapping[str, Any]) -> np.ndarray:
        """Change (D, H, W) of the signal: the lost share of what grey matter emits."""
        return -share * warped.maps[0] * signal
