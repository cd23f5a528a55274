"""Oedema: water that spreads from a lesion through white matter, and stops at cortex and fluid."""

from math import ceil

import numpy as np
from scipy.ndimage import generate_binary_structure, maximum_filter

from simulators.pathology.nearest import bounding_box

#: neighbours that a step leads to, in turn: across faces only, or edges and corners too, so that fronts are octagons
NEIGHBOURS = (generate_binary_structure(3, 1), generate_binary_structure(3, 3))


def spread(share: np.ndarray, white: np.ndarray, reach_mm: float, voxel_mm: float) -> np.ndarray:
    """Halo (D, H, W) float32 around a lesion: 1 inside it, falling evenly to 0 at `reach_mm` along white matter.

    share: (D, H, W) of the lesion. white: (D, H, W) share of white matter. One step a voxel: each takes the most that a
    neighbour has, less one step's part, times its own white matter; so the halo goes around what is none.
    """
    steps = ceil(reach_mm / voxel_mm)
    halo = np.zeros_like(share)
    if share.any():
        box = bounding_box(share > 0, steps + 1)
        source, open_to = share[box], white[box]
        swollen = source
        for step in range(steps):
            most = maximum_filter(swollen, footprint=NEIGHBOURS[step % 2], mode="constant")
            swollen = np.maximum(source, open_to * np.maximum(most - np.float32(1 / (steps + 1)), 0))
        halo[box] = swollen
    return halo
