"""Where tissue lies: which voxel of one scan shows what a voxel of another does, and heads that lie elsewhere."""

import numpy as np
from scipy.ndimage import map_coordinates

#: fixed-point steps; each shrinks the error by the relative difference of the two deformations
STEPS = 8


def corresponding(points: np.ndarray, own: np.ndarray, other: np.ndarray, voxel_mm: float) -> np.ndarray:
    """Where the other scan shows what this one shows at `points`: (n, 3), both in voxels.

    own, other: (D, H, W, 3) the template position in mm of every voxel of each scan.
    """
    wanted = _at(own, points)
    found = points.astype(np.float64)
    for _ in range(STEPS):
        found = found + (wanted - _at(other, found)) / voxel_mm
    return found


def carried(volumes: np.ndarray, own: np.ndarray, other: np.ndarray, voxel_mm: float) -> np.ndarray:
    """Volumes (n, D, H, W) of the other scan as this one shows them; cubic, because texture must keep its contrast.

    Voxels that show the same tissue in both keep their value as it is.
    """
    grid = own.shape[:3]
    every = np.indices(grid).reshape(3, -1)
    where = corresponding(every.T, own, other, voxel_mm).T
    stay = (where == every).all(0).reshape(grid)
    moved = [map_coordinates(volume, where, order=3, mode="nearest").reshape(grid) for volume in volumes]
    return np.where(stay, volumes, np.stack(moved)).astype(np.float32)


def shifted(position: np.ndarray, shift_mm: np.ndarray, voxel_mm: float) -> np.ndarray:
    """Template positions (D, H, W, 3) in mm once a head lies (x, y, z) mm elsewhere; beyond the grid they go on evenly.

    By a whole number of voxels, the very positions of other voxels.
    """
    if not shift_mm.any():
        return position
    last = np.array(position.shape[:3]) - 1
    where = np.indices(position.shape[:3]).reshape(3, -1).T - shift_mm / voxel_mm
    within = np.clip(where, 0, last)
    found = _at(position, within) + (where - within) * voxel_mm
    return found.reshape(position.shape).astype(np.float32)


def _at(field: np.ndarray, points: np.ndarray) -> np.ndarray:
    values = [map_coordinates(field[..., axis], points.T, order=1, mode="nearest") for axis in range(3)]
    return np.stack(values, -1)
