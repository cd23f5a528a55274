"""Distance to the nearest of some voxels, as far as it matters."""

import numpy as np

#: a squared distance that stands for all beyond what is looked for
FAR = 2**24


def squared_distance(places: np.ndarray, most: float) -> np.ndarray:
    """Squared distance (D, H, W) int32 in voxels to the nearest of some places (bool); `FAR` or more beyond `most`.

    most: voxels along an axis. A squared distance is a sum over axes, so the nearest is found along one axis after the
    other.
    """
    found = np.int32(FAR) * ~places
    for axis in range(3):
        after = found.copy()
        for step in range(1, int(most) + 1):
            farther = found + np.int32(step**2)
            low, high = ((slice(None),) * axis + (part,) for part in (slice(None, -step), slice(step, None)))
            np.minimum(after[high], farther[low], out=after[high])
            np.minimum(after[low], farther[high], out=after[low])
        found = after
    return found
