"""The shape of a lesion: a ball with a soft border and a wavy outline."""

import numpy as np


def blob(
    shape: tuple[int, ...],
    centre: np.ndarray,
    radius_mm: float,
    waves: tuple[np.ndarray, np.ndarray],
    irregularity: float,
    edge_mm: float,
    voxel_mm: float,
) -> np.ndarray:
    """Share (D, H, W) float32 of a lesion: 1 inside, fading over `edge_mm`.

    centre: (3,) in voxels. waves: directions (4, 3) and phases (4,) of the sines that make the outline irregular.
    """
    axes = np.ogrid[tuple(slice(n) for n in shape)]
    offset = [(a - c) * voxel_mm for a, c in zip(axes, centre, strict=True)]
    distance = np.sqrt(sum(o**2 for o in offset)) + 1e-6
    direction = [o / distance for o in offset]
    outline = sum(
        np.sin(2 * sum(w * d for w, d in zip(wave, direction, strict=True)) + phase)
        for wave, phase in zip(*waves, strict=True)
    )
    radius = radius_mm * (1 + irregularity * outline / 2)
    return (0.5 - 0.5 * np.tanh((distance - radius) / edge_mm)).astype(np.float32)
