"""Distance to the nearest of some voxels, as far as it matters."""

from math import prod

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
        box = bounding_box(places, int(most))
        everywhere[box] = _squared(places[box], int(most))
    return everywhere


def bounding_box(mask: np.ndarray, margin: int) -> tuple[slice, slice, slice]:
    """The box of a mask (D, H, W) that is somewhere true, with a margin in voxels on every side."""
    # numpy is slow to look along any but the first or the last axes
    across = np.asarray(mask.any(0))
    holds = (np.flatnonzero(line) for line in (mask.any((1, 2)), across.any(1), across.any(0)))
    x, y, z = (slice(max(at[0] - margin, 0), at[-1] + margin + 1) for at in holds)
    return x, y, z


def _squared(places: np.ndarray, most: int) -> np.ndarray:
    # with a margin no step leads from one row into the next, so that all rows are one
    squared = np.full(np.add(places.shape, 2 * most), FAR, np.int32)
    inner = tuple(slice(most, most + count) for count in places.shape)
    squared[inner][places] = 0
    rows = squared.ravel()
    for stride in (prod(squared.shape[1:]), squared.shape[-1], 1):
        before = rows.copy()
        for step in range(1, most + 1):
            farther = before + np.int32(step**2)
            np.minimum(rows[step * stride :], farther[: -step * stride], out=rows[step * stride :])
            np.minimum(rows[: -step * stride], farther[step * stride :], out=rows[: -step * stride])
    return squared[inner]
