"""Progressive atrophy: a subject's severity rises with strength, and with it the number of regions that lose tissue."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from bench.contracts import bounded
from simulators.pathology.spreading import Spreading


@bounded
@dataclass(frozen=True)
class Progressive(Spreading):
    """Spreading atrophy along a course.

    At strength 1 it is `Spreading`. At less a subject's severity is that share of its own, so that regions with a late
    onset have not begun yet: each region has a course of its own, flat before its onset and rising after it.
    """

    version: ClassVar[str] = "1"
    summary: ClassVar[str] = "Grey matter loss that grows in the regions it has reached, and reaches others with time."

    def grown(self, latents: Mapping[str, Any], strength: float) -> dict[str, Any]:
        """The latents of an earlier stage."""
        return {**latents, "severity": strength * latents["severity"]}
