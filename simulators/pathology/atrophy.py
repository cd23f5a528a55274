"""Regional atrophy by intensity: grey matter of named regions gives way to fluid (partial volume)."""

from dataclasses import dataclass
from typing import ClassVar

from bench.contracts import bounded
from simulators.observe.observers import FixedPlace, Observer
from simulators.pathology.regional import RegionalPathology


@bounded
@dataclass(frozen=True)
class Atrophy(RegionalPathology):
    """Regional atrophy."""

    version: ClassVar[str] = "1"
    family: ClassVar[str] = "atrophy"
    summary: ClassVar[str] = "Grey matter loss in named regions, graded by a subject's severity."
    tissues: ClassVar[tuple[str, ...]] = ("gm",)
    becomes: ClassVar[str] = "fluid"
    regions_hold: ClassVar[tuple[str, ...]] = ("gm",)
    observer: ClassVar[type[Observer]] = FixedPlace
