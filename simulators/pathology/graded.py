"""Lesions that are deeper in one patient than in another: severity drawn by a law, everything else as without."""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np

from bench.contracts import Between, bounded
from simulators.pathology.focal import Focal
from simulators.pathology.severity import LAWS, LawName
from simulators.pathology.white_matter_lesions import WhiteMatterLesions
from simulators.space.place import Place


@dataclass(frozen=True)
class _Graded:
    """A severity that follows a law. severity_law, severity_sd: as in `Regional`."""

    severity_law: LawName = "lognormal"
    severity_sd: Annotated[float, Between(0, 1)] = 0.25

    def draw(self, rng: np.random.Generator, place: Place) -> dict[str, Any]:
        """The latents without a law, and a severity."""
        drawn: dict[str, Any] = super().draw(rng, place)  # type: ignore[misc]
        # drawn last, so that lesions lie where they lie without a law
        return {**drawn, "severity": LAWS[self.severity_law](rng, self.severity_sd)}


@bounded
@dataclass(frozen=True)
class GradedFocal(_Graded, Focal):
    """Focal lesion of graded depth."""

    summary: ClassVar[str] = "A focal lesion that takes less or more of the tissue."


@bounded
@dataclass(frozen=True)
class GradedWhiteMatterLesions(_Graded, WhiteMatterLesions):
    """White-matter lesions of graded depth."""

    summary: ClassVar[str] = "White-matter lesions, a patient's all alike deep."
