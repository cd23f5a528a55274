"""Variation between scans that says nothing of disease: bias field, gain and Rician noise."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, NamedTuple

import numpy as np

from bench.contracts import Between, bounded
from simulators import effects
from simulators.space.voxels import Voxels


class Scan(NamedTuple):
    """One scan's draws.

    bias: (9,) log coefficients of the cosine terms, x, y, z slopes first. gain: log gain. noise: SD of each channel.
    gamma: log exponent. blur_mm: FWHM of the point spread. ghost, ghost_at: strength of the ghosts and their distance
    in fields of view. site: number in the table of sites, 0 where there is none.
    """

    bias: np.ndarray
    gain: float
    noise: float
    gamma: float = 0.0
    blur_mm: float = 0.0
    ghost: float = 0.0
    ghost_at: float = 0.0
    site: int = 0


@bounded
@dataclass(frozen=True)
class Scanner:
    """Scanner effects, shared by a subject and its twin.

    bias: SD of the log bias field. gain: SD of the log gain. noise: SD of each of the two channels of the Rician
    noise, on the image's scale.
    """

    version: ClassVar[str] = "1"
    bias: Annotated[float, Between(0, 0.5)] = 0.05
    gain: Annotated[float, Between(0, 0.5)] = 0.02
    noise: Annotated[float, Between(0, 0.5)] = 0.025

    @property
    def mixes(self) -> bool:
        """True where a voxel of the image shows what lies in others."""
        return False

    def draw(self, rng: np.random.Generator) -> Scan:
        """One scan's bias and gain."""
        z = rng.standard_normal(10)
        return Scan((self.bias / 3 * z[:9]).astype(np.float32), float(self.gain * z[9]), self.noise)

    def noise_pair(self, rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        """The two noise channels (2, D, H, W) before they are scaled."""
        return rng.standard_normal((2, *shape), np.float32)

    def scan(self, signal: np.ndarray, scan: Scan, noise: np.ndarray, brain: np.ndarray, voxel_mm: float) -> np.ndarray:
        """The skull-stripped magnitude image (..., D, H, W) of a signal of that shape, zero outside the brain.

        In this order: the sequence's gamma, the coil's bias and gain, the point spread, ghosts of motion, complex noise
        (2, ..., D, H, W), its magnitude. brain: the head's share (D, H, W) of brain, whose inside is more than half.
        """
        inside = Voxels.where(brain > 0.5)
        received = effects.contrast_gamma(inside.of(signal), scan.gamma) * effects.field(scan.bias, scan.gain, inside)
        spread = effects.blur(received, inside, scan.blur_mm, voxel_mm)
        encoded = effects.ghosts(spread, inside, scan.ghost, scan.ghost_at)
        real, imaginary = np.float32(scan.noise) * inside.of(noise)
        return inside.spread(np.hypot(encoded + real, imaginary).astype(np.float32, copy=False))
