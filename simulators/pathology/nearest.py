"""Distance to the nearest of some voxels, as far as it matters."""

import numpy as np

#: a squared distance that stands for all beyond what is looked for
FAR = 2**24


def squared_distance(places: np.ndarray, most: float) -> np.ndarray:
    """Squared distance (D, H, W) int32 in voxels to the nearest of some places (bool); `FAR` or more beyond `most`.

    most: voxels along an axis. All beyond it is left out; a squared distance is a sum over axes, so the nearest is
    found along one axis after the other.
    """
    everywhere = np.full(places.shape, FAR, np.int32)
    if places.any():
        box = around(places, int(most))
        everywhere[box] = _squared(places[box], int(most))
    return everywhere


def around(mask: np.ndarray, margin: int) -> tuple[slice, slice, slice]:
    """The box of a mask (D, H, W) that is somewhere true, with a margin in voxels on every side."""
    holds = (np.flatnonzero(mask.any(others)) for others in ((1, 2), (0, 2), (0, 1)))
    x, y, z = (slice(max(at[0] - margin, 0), at[-1] + margin + 1) for at in holds)
    return x, y, z


def _squared(places: np.ndarray, most: int) -> np.ndarray:
    found = np.int32(FAR) * ~places
    for axis in range(3):
        after = found.copy()
        for step in range(1, min(most, places.shape[axis] - 1) + 1):
            farther = found + np.int32(step**2)
            low, high = ((slice(None),) * axis + (part,) for part in (slice(None, -step), slice(step, None)))
            np.minimum(after[high], farther[low], out=after[high])
            np.minimum(after[low], farther[high], out=after[low])
        found = after
    return found
