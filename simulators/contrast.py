"""Contrast of tissues in a scan: mean intensities with variation between subjects."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np

from bench.contracts import Between, bounded

TISSUES = ("gm", "wm", "csf", "lesion")


@bounded
@dataclass(frozen=True)
class Contrast:
    """A weighting on a fixed intensity scale; the defaults are T1-weighted, with the tissues of the average brain.

    gm, wm, csf, lesion: mean intensities of the compartments. spread: SD of each between subjects. detail: how much
    of the template's T1 detail that tissue shares do not explain is seen, negative where the weighting inverts it.
    modality: what an export calls the images, by the suffixes of BIDS.
    """

    version: ClassVar[str] = "2"
    gm: Annotated[float, Between(0, 2)] = 0.66
    wm: Annotated[float, Between(0, 2)] = 0.88
    csf: Annotated[float, Between(0, 2)] = 0.29
    lesion: Annotated[float, Between(0, 2)] = 0.4
    spread: Annotated[float, Between(0, 0.2)] = 0.02
    detail: Annotated[float, Between(-2, 2)] = 1.0
    modality: Literal["T1w", "FLAIR", "pet"] = "T1w"

    @property
    def means(self) -> np.ndarray:
        """(gm, wm, csf, lesion) intensities of the average subject."""
        return np.array([getattr(self, name) for name in TISSUES], np.float32)

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        """One subject's (gm, wm, csf, lesion) intensities."""
        return self.means + np.float32(self.spread) * rng.standard_normal(len(TISSUES)).astype(np.float32)

    def mix(self, tissues: np.ndarray, lesion: np.ndarray, intensities: np.ndarray) -> np.ndarray:
        """Signal (...) of shares (gm, wm, brain, detail) (4, ...) and lesion (...): what is none of them is fluid."""
        gm, wm, brain, detail = tissues
        signal = intensities[0] * gm
        for intensity, share in zip(intensities[1:], (wm, brain - gm - wm - lesion, lesion), strict=True):
            signal += intensity * share
        signal += np.float32(self.detail) * detail
        return signal
