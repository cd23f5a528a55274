"""Lesions that are deeper in one patient than in another: severity drawn by a law, everything else as without."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from simulators.checks import between
from simulators.choose import known
from simulators.pathology.focal import Focal
from simulators.pathology.severity import LAWS
from simulators.pathology.white_matter_lesions import WhiteMatterLesions
from simulators.space.place import Place


@dataclass(frozen=True)
class _Graded:
    """A severity that follows a law. severity_law, severity_sd: as in `Regional`."""

    severity_law: str = "lognormal"
    severity_sd: float = 0.25

    def __post_init__(self) -> None:
        super().__post_init__()  # type: ignore[misc]
        between("pathology.severity_sd", self.severity_sd, 0, 1)
        known("pathology.severity_law", self.severity_law, tuple(LAWS))

    def draw(self, rng: np.random.Generator, place: Place) -> dict[str, Any]:
        """The latents without a law, and a severity."""
        drawn: dict[str, Any] = super().draw(rng, place)  # type: ignore[misc]
        # drawn last, so that lesions lie where they lie without a law
        return {**drawn, "severity": LAWS[self.severity_law](rng, self.severity_sd)}


@dataclass(frozen=True)
class GradedFocal(_Graded, Focal):
    """A focal lesion that takes less or more of the tissue."""

    summary: ClassVar[str] = "A focal lesion that takes less or more of the tissue."


@dataclass(frozen=True)
class GradedWhiteMatterLesions(_Graded, WhiteMatterLesions):
    """White-matter lesions, a patient's all alike deep."""

    summary: ClassVar[str] = "White-matter lesions, a patient's all alike deep."
