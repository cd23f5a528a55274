"""Lesions that are deeper in one patient than in another: severity drawn by a law, everything else as without."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from simulators.checks import between
from simulators.choose import known
from simulators.pathology.focal import Focal
from simulators.pathology.severity import LAWS
from simulators.pathology.white_matter_lesions import WhiteMatterLesions
from simulators.place import Place


@dataclass(frozen=True)
class GradedFocal(Focal):
    """A focal lesion that takes less or more of the tissue. severity_law, severity_sd: as in `Regional`."""

    severity_law: str = "lognormal"
    severity_sd: float = 0.25

    def __post_init__(self) -> None:
        super().__post_init__()
        _check(self.severity_law, self.severity_sd)

    def draw(self, rng: np.random.Generator, place: Place) -> dict[str, Any]:
        """One lesion, and its severity."""
        return _graded(super().draw(rng, place), rng, self.severity_law, self.severity_sd)


@dataclass(frozen=True)
class GradedWhiteMatterLesions(WhiteMatterLesions):
    """White-matter lesions, a patient's all alike deep. severity_law, severity_sd: as in `Regional`."""

    severity_law: str = "lognormal"
    severity_sd: float = 0.25

    def __post_init__(self) -> None:
        super().__post_init__()
        _check(self.severity_law, self.severity_sd)

    def draw(self, rng: np.random.Generator, place: Place) -> dict[str, Any]:
        """The lesions, and their severity."""
        return _graded(super().draw(rng, place), rng, self.severity_law, self.severity_sd)


def _check(law: str, spread: float) -> None:
    between("pathology.severity_sd", spread, 0, 1)
    known("pathology.severity_law", law, tuple(LAWS))


def _graded(latents: Mapping[str, Any], rng: np.random.Generator, law: str, spread: float) -> dict[str, Any]:
    # drawn last, so that lesions lie where they lie without a law
    return {**latents, "severity": LAWS[law](rng, spread)}
