"""Correspondence of scans: the voxel of one that shows what a voxel of another does, and heads that lie elsewhere."""

import numpy as np
from scipy.ndimage import map_coordinates

#: Newton's steps at most, and the step (voxels) below which a place is found
STEPS, FOUND = 25, 1e-3
#: voxels that a step goes at most along an axis: farther away, slopes say little
LONGEST = 2.0


def corresponding(points: np.ndarray, scan: np.ndarray, other: np.ndarray) -> np.ndarray:
    """The places (n, 3) where the other scan shows what this one shows at `points` (n, 3), in voxels.

    scan, other: (D, H, W, 3) the template position in mm of every voxel of each scan.
    """
    wanted, slopes = _at(scan, points), _inverse_slopes(other)
    positions, left, last = points.astype(np.float64), np.arange(len(points)), np.array(other.shape[:3]) - 1
    for _ in range(STEPS):
        near = tuple(np.clip(np.rint(positions[left]), 0, last).astype(int).T)
        step = np.einsum("nij,nj->ni", slopes[near], wanted[left] - _at(other, positions[left]))
        positions[left] += np.clip(step, -LONGEST, LONGEST)
        left = left[np.abs(step).max(1) > FOUND]
    return positions


def _inverse_slopes(position: np.ndarray) -> np.ndarray:
    """Voxels per mm (D, H, W, 3, 3): how far a place moves in the scan as it moves in the template."""
    slopes = [[np.gradient(position[..., k].astype(np.float64), axis=axis) for axis in range(3)] for k in range(3)]
    return np.linalg.inv(np.moveaxis(np.array(slopes), (0, 1), (-2, -1)))


def resampled_from(volumes: np.ndarray, scan: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Volumes (n, D, H, W) of the other scan as this one shows them; cubic, because texture must keep its contrast."""
    return resampled(volumes, places(scan, other), order=3)


def places(scan: np.ndarray, other: np.ndarray) -> np.ndarray:
    """(3, D, H, W) float64: the place in the other scan, in voxels, of what each voxel of this one shows."""
    grid = scan.shape[:3]
    every = np.indices(grid).reshape(3, -1).T
    return corresponding(every, scan, other).T.reshape(3, *grid)


def resampled(volumes: np.ndarray, where: np.ndarray, order: int) -> np.ndarray:
    """Volumes (n, D, H, W) at the places (3, D, H, W), by splines of this order; float32.

    Voxels that show the same tissue in both scans keep their value as it is.
    """
    stay = (where == np.indices(where.shape[1:])).all(0)
    moved = [map_coordinates(volume, where, order=order, mode="nearest") for volume in volumes]
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
    positions = _at(position, within) + (where - within) * voxel_mm
    return positions.reshape(position.shape).astype(np.float32)


def _at(field: np.ndarray, points: np.ndarray) -> np.ndarray:
    values = [map_coordinates(field[..., axis], points.T, order=1, mode="nearest") for axis in range(3)]
    return np.stack(values, -1)
