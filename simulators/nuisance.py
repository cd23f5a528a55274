"""What varies between scans and says nothing of disease: bias field, gain and Rician noise."""

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar, NamedTuple

import numpy as np

from simulators.checks import between


class Scan(NamedTuple):
    """One scan's draws: bias coefficients of the cosine terms, log gain."""

    bias: np.ndarray
    gain: float


@dataclass(frozen=True)
class Scanner:
    """Scanner effects, shared by a subject and its twin.

    bias: SD of the log bias field. gain: SD of the log gain. noise: SD of each of the two channels of the Rician
    noise, on the image's scale.
    """

    version: ClassVar[str] = "1"
    bias: float = 0.05
    gain: float = 0.02
    noise: float = 0.025

    def __post_init__(self) -> None:
        between("nuisance.bias", self.bias, 0, 0.5)
        between("nuisance.gain", self.gain, 0, 0.5)
        between("nuisance.noise", self.noise, 0, 0.5)

    def draw(self, rng: np.random.Generator) -> Scan:
        """One scan's bias and gain."""
        z = rng.standard_normal(10)
        return Scan((self.bias / 3 * z[:9]).astype(np.float32), float(self.gain * z[9]))

    def noise_pair(self, rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        """The two noise channels (2, D, H, W) before they are scaled."""
        return rng.standard_normal((2, *shape), np.float32)

    def scan(self, signal: np.ndarray, scan: Scan, noise: np.ndarray, brain: np.ndarray) -> np.ndarray:
        """The skull-stripped magnitude image (D, H, W): |signal * bias * gain + complex noise| inside the brain."""
        field = np.exp(scan.gain + np.tensordot(scan.bias, _cosines(signal.shape), axes=1))
        real = signal * field + np.float32(self.noise) * noise[0]
        magnitude = np.hypot(real, np.float32(self.noise) * noise[1])
        return np.where(brain > 0.5, magnitude, 0).astype(np.float32)


@lru_cache(maxsize=4)
def _cosines(shape: tuple[int, ...]) -> np.ndarray:
    """The nine lowest non-constant products of cosines (9, D, H, W), each of unit mean square."""
    axes = [np.linspace(0, np.pi, n, dtype=np.float32) for n in shape]
    orders = [(1, 0, 0), (0, 1, 0), (0, 0, 1), (2, 0, 0), (0, 2, 0), (0, 0, 2), (1, 1, 0), (1, 0, 1), (0, 1, 1)]
    terms = [
        np.cos(i * axes[0])[:, None, None] * np.cos(j * axes[1])[None, :, None] * np.cos(k * axes[2])[None, None]
        for i, j, k in orders
    ]
    return np.stack([term / np.sqrt((term**2).mean()) for term in terms]).astype(np.float32)
