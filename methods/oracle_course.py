"""The oracle of courses: what a year truly adds to the disease of a person, as a map of changes."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar

from bench.contracts import MethodTags
from methods.oracles import Oracle


@dataclass(frozen=True)
class CourseOracle(Oracle):
    """Oracle of the true course, in units of the image a year."""

    truth: str = "course"

    version: ClassVar[str] = "1"
    summary: ClassVar[str] = "The true change a year that the disease adds to a person, painted."
    note: ClassVar[str] = "the least-squares slope of the counterfactual over a person's visits, in units of the image"

    @cached_property
    def tags(self) -> MethodTags:
        """Those of an oracle of this truth, of a change."""
        return replace(super().tags, quantity="change")
