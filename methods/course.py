"""The course that a network simulates for a subject: what a year adds to its image."""

from dataclasses import dataclass, replace
from typing import ClassVar

from bench.contracts import MethodTags
from methods.intrinsic import Intrinsic


@dataclass(frozen=True)
class SimulatedCourse(Intrinsic):
    """Simulated course: the intrinsic map of a progression network, read in units of the image a year.

    A map of every output, (N, K, D, H, W), is what a year adds with that diagnosis; the explained contrast of two is
    what the one adds beyond the other.

    which: the name of the map.
    """

    which: str = "course"

    reference: ClassVar[str] = "Ravi et al. 2022, Medical Image Analysis, arXiv:1912.01526 (simulated trajectories)"
    summary: ClassVar[str] = (
        "What a year adds to the image as the network simulates it, patient less control, in units of the image."
    )
    tags: ClassVar[MethodTags] = replace(Intrinsic.tags, quantity="change", needs=frozenset({"course"}))
    note: ClassVar[str] = (
        "what the network simulates that a year with the disease adds; networks that simulate none refuse"
    )
