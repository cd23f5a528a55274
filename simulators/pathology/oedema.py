"""Oedema: water that spreads from a lesion through white matter, and stops at cortex and fluid."""

from math import ceil

import numpy as np
from scipy.ndimage import uniform_filter

from simulators.pathology.nearest import bounding_box


def spread(share: np.ndarray, white: np.ndarray, reach_mm: float, voxel_mm: float) -> np.ndarray:
    """Halo (D, H, W) float32 around a lesion: 1 inside it, falling to 0 at `reach_mm` along white matter.

    share: (D, H, W) of the lesion. white: (D, H, W) share of white matter. One step a voxel: each takes the mean of its
    neighbours times its own white matter, as in diffusion from a source that does not run dry.
    """
    steps = ceil(reach_mm / voxel_mm)
    halo = np.zeros_like(share)
    if share.any():
        box = bounding_box(share > 0, steps + 1)
        source, open_to = share[box], white[box]
        found = source
        for _ in range(steps):
            found = np.maximum(source, open_to * uniform_filter(found, 3, mode="constant"))
        halo[box] = found
    return halo
