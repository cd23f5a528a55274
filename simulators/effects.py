"""Effects of scanners on a signal: pure functions of the drawn values, each exactly nothing at the value 0.

Signals are values (..., n) of the voxels inside the brain, as if all else were stripped before; there may be several of
one head, which are scanned together.
"""

from functools import lru_cache

import numpy as np
from scipy.ndimage import gaussian_filter

from simulators.space.voxels import Voxels

#: full width at half maximum of a Gaussian of unit SD
FWHM = 2 * np.sqrt(2 * np.log(2))
#: axis of the phase encoding, along which motion makes ghosts: back to front
PHASE_AXIS = -2


def contrast_gamma(signal: np.ndarray, log_exponent: float) -> np.ndarray:
    """The signal to the power exp(log_exponent), its sign kept: 0 and 1 stay, what lies between grows or shrinks."""
    if not log_exponent:
        return signal
    return (np.sign(signal) * np.abs(signal) ** np.float32(np.exp(log_exponent))).astype(np.float32)


def field(bias: np.ndarray, log_gain: float, inside: Voxels) -> np.ndarray:
    """The factor (n,) of coil and receiver: the nine cosines weighted by `bias` (9,), and the gain, as a log."""
    return np.exp(log_gain + inside.of(np.tensordot(bias, cosines(inside.grid), axes=1)))


def blur(signal: np.ndarray, inside: Voxels, fwhm_mm: float, voxel_mm: float) -> np.ndarray:
    """A Gaussian point spread over the brain's own voxels: a constant stays what it is up to its rim."""
    if not fwhm_mm:
        return signal
    sigma = fwhm_mm / voxel_mm / FWHM
    spread = gaussian_filter(inside.spread(signal), (0,) * (signal.ndim - 1) + (sigma,) * 3, mode="constant")
    weight = gaussian_filter(inside.spread(np.ones(len(inside.at), np.float32)), sigma, mode="constant")
    return inside.of(spread) / np.maximum(inside.of(weight), np.float32(1e-6))


def ghosts(signal: np.ndarray, inside: Voxels, strength: float, at: float) -> np.ndarray:
    """Two replicas, `at` of the field of view to either side along the phase encoding, each strength / 2 of the signal.

    That is what periodic motion leaves when it scales line k of k-space by 1 + strength * cos(2 pi at k); a negative
    strength is the opposite phase. Wood and Henkelman 1985, Medical Physics 12:143.
    """
    if not strength:
        return signal
    head, shift = inside.spread(signal), round(at * inside.grid[PHASE_AXIS])
    replicas = np.roll(head, shift, PHASE_AXIS) + np.roll(head, -shift, PHASE_AXIS)
    return signal + np.float32(strength / 2) * inside.of(replicas)


@lru_cache(maxsize=4)
def cosines(shape: tuple[int, ...]) -> np.ndarray:
    """The nine lowest non-constant products of cosines (9, D, H, W), each of unit mean square; x, y, z come first."""
    axes = [np.linspace(0, np.pi, n, dtype=np.float32) for n in shape]
    orders = [(1, 0, 0), (0, 1, 0), (0, 0, 1), (2, 0, 0), (0, 2, 0), (0, 0, 2), (1, 1, 0), (1, 0, 1), (0, 1, 1)]
    terms = [
        np.cos(i * axes[0])[:, None, None] * np.cos(j * axes[1])[None, :, None] * np.cos(k * axes[2])[None, None]
        for i, j, k in orders
    ]
    return np.stack([term / np.sqrt((term**2).mean()) for term in terms]).astype(np.float32)
