"""Sets of voxels that carry a graded truth."""

import numpy as np

#: two magnitudes closer than this (relative) are the same: differences of float32 images are no better
_TIE = 1e-4


def mass_set(magnitude: np.ndarray, share: float) -> np.ndarray:
    """B_q, the smallest set of voxels that holds the share q of the total magnitude.

    magnitude: (n,) non-negative. Returns (n,) bool; all False where the total is zero. Voxels tied with the last one
    taken are all taken, so the set does not depend on the order of the voxels and a homogeneous lesion stays whole.
    """
    present = magnitude[magnitude > 0].astype(np.float64)
    if present.size == 0:
        return np.zeros(magnitude.shape, dtype=bool)
    descending = -np.sort(-present)
    held = np.cumsum(descending)
    last = np.searchsorted(held, share * held[-1] * (1 - 1e-12))
    return magnitude >= descending[min(last, present.size - 1)] * (1 - _TIE)
