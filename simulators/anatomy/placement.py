"""Volumes put on other grids by their affines."""

import numpy as np
from scipy.ndimage import affine_transform

from simulators.anatomy.grid import Grid

#: points an axis at which a voxel of the grid samples a finer image, at most
FINEST = 4


def onto(grid: Grid, volume: np.ndarray, affine: np.ndarray) -> np.ndarray:
    """A volume on the grid (D, H, W): averaged over each voxel where its own voxels are smaller; 0 outside of it."""
    smallest = float(np.linalg.norm(affine[:3, :3], axis=0).min())
    parts = int(np.clip(round(grid.resolution / smallest), 1, FINEST))
    step = grid.resolution / parts
    fine = np.diag([step] * 3 + [1.0])
    fine[:3, 3] = grid.origin - (grid.resolution - step) / 2
    to_voxel = np.linalg.inv(affine) @ fine
    shape = tuple(int(n) * parts for n in grid.voxels)
    sampled = affine_transform(volume, to_voxel[:3, :3], to_voxel[:3, 3], output_shape=shape, order=1)
    split = sampled.reshape([n for count in grid.voxels for n in (int(count), parts)])
    return split.mean(axis=(1, 3, 5), dtype=np.float32)


def nearest_values(
    volume: np.ndarray, affine: np.ndarray, shape: tuple[int, ...], onto_affine: np.ndarray
) -> np.ndarray:
    """A volume's values at the centres of another one's voxels, each that of the nearest voxel; 0 outside of it."""
    if volume.shape == shape and np.allclose(affine, onto_affine, atol=1e-4):
        return volume
    to_voxel = np.linalg.inv(affine) @ onto_affine
    # up to half a voxel beyond the last centre is still of the last voxel
    how = {"output_shape": shape, "order": 0, "mode": "grid-constant"}
    return affine_transform(volume, to_voxel[:3, :3], to_voxel[:3, 3], **how)
