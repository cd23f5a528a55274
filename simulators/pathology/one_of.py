"""One pathology in one of several places: each place is a part that the task switches, of which a subject has one."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar

from bench.contracts import bounded, impossible
from simulators.observe.observers import FixedPlace, Observer
from simulators.observe.one_of import OneOfPlaces
from simulators.pathology.regional import RegionalPathology
from simulators.pathology.several import Several


@bounded
@dataclass(frozen=True)
class OneOf:
    """A pathology of named regions that lies elsewhere in the next patient.

    law: the pathology, with the regions of the first place. elsewhere: the regions of each further place, of which none
    may stand in two. The task says how often a place is taken, e.g. `or_1_of_6`, and never gives a subject two. All lie
    alike (on both sides, on one, or on the midline), since the observer asks which of them deviates most.
    """

    version: ClassVar[str] = "1"
    observer: ClassVar[type[Observer]] = OneOfPlaces
    law: RegionalPathology
    elsewhere: tuple[tuple[str, ...], ...]

    def __post_init__(self) -> None:
        named = [region for part in self.dialled for region in part.regions]
        if not self.elsewhere or len(set(named)) < len(named):
            regions = "the regions of one further place or more, none of them in two places"
            raise impossible(self, "elsewhere", self.elsewhere, regions)

    @cached_property
    def several(self) -> Several:
        """The places as parts, all on the dial."""
        parts: tuple[Any, ...] = self.dialled
        return Several(parts, (None,) * len(parts))

    @property
    def dialled(self) -> tuple[RegionalPathology, ...]:
        """The parts that the dial sets: all."""
        return self.law, *(replace(self.law, regions=place) for place in self.elsewhere)

    def validate(self, region_names: tuple[str, ...]) -> None:
        """Refuse a region that the anatomy does not have, and places that cannot be compared."""
        self.several.validate(region_names)
        seen = frozenset(region for part in self.dialled for region in part.regions)
        if len({len(FixedPlace(part.regions, region_names, seen).groups) for part in self.dialled}) > 1:
            raise impossible(self, "elsewhere", self.elsewhere, "places that lie alike: on both sides, one, or neither")
