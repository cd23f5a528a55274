"""Volumes on other grids, as nilearn puts them there."""

import nibabel
import numpy as np
import pytest
from nilearn.image import resample_img

from simulators.anatomy.grid import Grid
from simulators.anatomy.placement import nearest_values, onto

GRID = Grid(4.0, np.array([-22.0, -30.0, -14.0]), np.array([12, 15, 8]))
TILT = np.array([[0.9, -0.3, 0.1], [0.3, 0.9, -0.2], [-0.05, 0.25, 0.95]])
AFFINES = {
    "upright": np.diag([3.0, 3, 3, 1]),
    "from right to left": np.diag([-3.0, 3, 3, 1]),
    "long voxels": np.diag([3.0, 6, 4, 1]),
    "axes in another order": np.diag([3.0, 3, 3, 1])[[2, 0, 1, 3]],
    "tilted": np.block([[3 * TILT, np.zeros((3, 1))], [np.zeros((1, 3)), 1]]),
}


def stored(name):
    """Numbers, and an affine that leaves a part of the grid outside of them."""
    volume = np.random.default_rng(0).integers(1, 9, (16, 18, 14))
    affine = AFFINES[name].copy()
    affine[:3, 3] = -affine[:3, :3] @ ((np.array(volume.shape) - 1) / 2) + [20.31, -10.23, 1.17]
    return volume, affine


def by_nilearn(volume, affine, how):
    image = nibabel.Nifti1Image(volume.astype(np.float32), affine)
    shape = tuple(int(n) for n in GRID.voxels)
    kept = {"copy_header": True, "force_resample": True, "fill_value": 0}
    return resample_img(image, GRID.affine, shape, interpolation=how, **kept).get_fdata()


def slowly(volume, affine):
    """The value of the voxel whose box holds each centre."""
    to_voxel = np.linalg.inv(affine)
    found = np.zeros(tuple(int(n) for n in GRID.voxels), int)
    for at in np.ndindex(*found.shape):
        voxel = np.floor(to_voxel[:3, :3] @ GRID.points[at] + to_voxel[:3, 3] + 0.5).astype(int)
        if ((voxel >= 0) & (voxel < volume.shape)).all():
            found[at] = volume[tuple(voxel)]
    return found


@pytest.mark.parametrize("name", AFFINES)
def test_labels_are_those_of_the_nearest_voxel(name):
    volume, affine = stored(name)
    ours = nearest_values(volume, affine, tuple(int(n) for n in GRID.voxels), GRID.affine)
    assert np.array_equal(ours, slowly(volume, affine)) and (ours > 0).any() and (ours == 0).any()
    theirs = by_nilearn(volume, affine, "nearest")
    # beyond the last centre nilearn drops the outer half of a voxel
    assert np.array_equal(ours[theirs > 0], theirs[theirs > 0])


def test_labels_on_their_own_grid_are_themselves():
    volume, affine = stored("tilted")
    assert nearest_values(volume, affine, volume.shape, affine + 1e-6) is volume


@pytest.mark.parametrize("name", AFFINES)
def test_coarse_images_are_interpolated(name):
    volume, affine = stored(name)
    ours = onto(GRID, volume.astype(np.float32), affine)
    np.testing.assert_allclose(ours, by_nilearn(volume, affine, "linear"), atol=1e-4)


def test_a_finer_image_is_averaged_over_the_voxels_of_the_grid():
    grid = Grid(4.0, np.array([-6.0, -6.0, -6.0]), np.array([4, 4, 4]))
    fine = Grid(2.0, grid.origin - 1.0, grid.voxels * 2)
    volume = np.random.default_rng(0).standard_normal((8, 8, 8)).astype(np.float32)
    expected = grid.average(volume, fine.origin, 2.0)
    np.testing.assert_allclose(onto(grid, volume, fine.affine), expected, atol=1e-6)
