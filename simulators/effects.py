"""What scanners do to a signal: pure functions of the drawn values, each exactly nothing at the value 0.

Volumes are (..., D, H, W), so that several signals of one head are scanned together. Blur and ghosts read the signal
inside the brain only, as if all else were stripped before, and say nothing of what lies outside.
"""

from functools import lru_cache

import numpy as np
from scipy.ndimage import gaussian_filter

#: full width at half maximum of a Gaussian of unit SD
FWHM = 2 * np.sqrt(2 * np.log(2))
#: axis of the phase encoding, along which motion makes ghosts: back to front
PHASE_AXIS = -2


def gamma(signal: np.ndarray, log_exponent: float) -> np.ndarray:
    """The signal to the power exp(log_exponent), its sign kept: 0 and 1 stay, what lies between grows or shrinks."""
    if not log_exponent:
        return signal
    return (np.sign(signal) * np.abs(signal) ** np.float32(np.exp(log_exponent))).astype(np.float32)


def field(bias: np.ndarray, log_gain: float, grid: tuple[int, ...]) -> np.ndarray:
    """The factor (D, H, W) of coil and receiver: the nine cosines weighted by `bias` (9,), and the gain, as a log."""
    return np.exp(log_gain + np.tensordot(bias, cosines(grid), axes=1))


def blur(signal: np.ndarray, inside: np.ndarray, fwhm_mm: float, voxel_mm: float) -> np.ndarray:
    """A Gaussian point spread over the brain's own voxels (D, H, W) bool: a constant stays what it is up to its rim."""
    if not fwhm_mm:
        return signal
    sigma = fwhm_mm / voxel_mm / FWHM
    spread = gaussian_filter(np.where(inside, signal, 0), (0,) * (signal.ndim - 3) + (sigma,) * 3, mode="constant")
    weight = gaussian_filter(inside.astype(np.float32), sigma, mode="constant")
    return np.where(inside, spread / np.maximum(weight, np.float32(1e-6)), signal)


def ghosts(signal: np.ndarray, inside: np.ndarray, strength: float, at: float) -> np.ndarray:
    """Two replicas, `at` of the field of view to either side along the phase encoding, each strength / 2 of the signal.

    That is what periodic motion leaves when it scales line k of k-space by 1 + strength * cos(2 pi at k); a negative
    strength is the opposite phase. Wood and Henkelman 1985, Medical Physics 12:143.
    """
    if not strength:
        return signal
    shift = round(at * signal.shape[PHASE_AXIS])
    head = np.where(inside, signal, 0)
    return signal + np.float32(strength / 2) * (np.roll(head, shift, PHASE_AXIS) + np.roll(head, -shift, PHASE_AXIS))


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
