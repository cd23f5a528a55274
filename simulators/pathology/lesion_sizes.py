"""Volumes of lesions: a log-normal law, cut off below what a grid carries and above the largest."""

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from scipy.special import ndtr, ndtri

from bench.contracts import Between, impossible

#: shares of all lesions up to the sizes that an observer looks for
LOOKED_FOR = (0.1, 0.35, 0.65, 0.9)


@dataclass(frozen=True)
class LesionSizes:
    """The law of a lesion's volume.

    volume_ml, volume_sd: median and SD of the logarithm before it is cut off; with an SD of 0 all lesions have the
    median. smallest_ml, largest_ml: where it is.
    """

    volume_ml: Annotated[float, Between(0.001, 500, unit="ml")]
    volume_sd: Annotated[float, Between(0, 3)]
    smallest_ml: Annotated[float, Between(0.001, 500, unit="ml")]
    largest_ml: Annotated[float, Between(0.001, 500, unit="ml")]

    def __post_init__(self) -> None:
        if self.largest_ml < self.smallest_ml:
            raise impossible(self, "largest_ml", self.largest_ml, f"smallest_ml or more, which is {self.smallest_ml:g}")
        if not self.volume_sd and not self.smallest_ml <= self.volume_ml <= self.largest_ml:
            ends = f"{self.smallest_ml:g} (smallest_ml) to {self.largest_ml:g} (largest_ml), or a volume_sd above 0"
            raise impossible(self, "volume_ml", self.volume_ml, ends)

    def volumes(self, quantiles: Any) -> np.ndarray:
        """Volumes (n,) in ml below which these shares (n,) of all lesions lie."""
        shares = np.asarray(quantiles, np.float64)
        if not self.volume_sd:
            return np.full(shares.shape, self.volume_ml)
        low, high = (ndtr(np.log(end / self.volume_ml) / self.volume_sd) for end in (self.smallest_ml, self.largest_ml))
        drawn = self.volume_ml * np.exp(self.volume_sd * ndtri(low + shares * (high - low)))
        # beyond the last digits of a quantile the law has no value
        return np.clip(drawn, self.smallest_ml, self.largest_ml)

    @property
    def radii_mm(self) -> tuple[float, ...]:
        """Radii of balls of the sizes that an observer looks for."""
        return tuple(radius_mm(self.volumes(LOOKED_FOR)).tolist())

    @property
    def usual_radius_mm(self) -> float:
        """Radius of a ball as large as half of all lesions are at most."""
        return float(radius_mm(self.volumes(0.5)))


def radius_mm(volume_ml: np.ndarray) -> np.ndarray:
    """Radii (n,) of balls of these volumes (n,)."""
    return np.cbrt(1000 * np.asarray(volume_ml) * 3 / (4 * np.pi))
