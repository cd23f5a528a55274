"""What a scanner sees of tissues: T1-weighted intensities with variation between subjects."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from simulators.checks import between


@dataclass(frozen=True)
class T1:
    """T1-weighted contrast on a fixed scale: white matter bright, grey matter darker, fluid dark.

    gm, wm, csf: mean intensities. spread: SD of each between subjects. detail: share of the template's own T1 detail
    that tissue shares do not explain.
    """

    version: ClassVar[str] = "1"
    gm: float = 0.58
    wm: float = 0.86
    csf: float = 0.16
    spread: float = 0.02
    detail: float = 1.0

    def __post_init__(self) -> None:
        for name in ("gm", "wm", "csf"):
            between(f"contrast.{name}", getattr(self, name), 0, 2)
        between("contrast.spread", self.spread, 0, 0.2)
        between("contrast.detail", self.detail, 0, 2)

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        """One subject's (gm, wm, csf) intensities."""
        return np.array([self.gm, self.wm, self.csf], np.float32) + np.float32(self.spread) * rng.standard_normal(
            3
        ).astype(np.float32)

    def mix(self, tissues: np.ndarray, intensities: np.ndarray) -> np.ndarray:
        """Signal (D, H, W) of shares (gm, wm, brain, detail): what is brain and no tissue is fluid."""
        gm, wm, brain, detail = tissues
        fluid = brain - gm - wm
        return gm * intensities[0] + wm * intensities[1] + fluid * intensities[2] + self.detail * detail
