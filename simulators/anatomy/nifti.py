"""NIfTI files of the user's: read with one sentence for each way in which they can be unusable."""

import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.ndimage import affine_transform

from bench.contracts import BadInput
from simulators.anatomy.grid import Grid

#: points an axis at which a voxel of the grid samples a finer image, at most
FINEST = 4


class Image(NamedTuple):
    """volume: (A, B, C) float32 in the file's own axes. affine: its voxels to millimetres (4, 4). path: its file."""

    volume: np.ndarray
    affine: np.ndarray
    path: Path


def read(path: Path) -> Image:
    """A 3D image with its affine.

    Raises:
        BadInput: the file is missing, unreadable, not 3D, without a usable affine, empty or not finite.
    """
    # nibabel takes a moment to import, which anatomies without files need not pay
    import nibabel

    if not path.is_file():
        raise BadInput(f"{path}: there is no such file; give the path of a NIfTI image (.nii or .nii.gz)")
    try:
        image = nibabel.nifti1.load(path)
        volume = np.asarray(image.dataobj, np.float32)
    except (nibabel.filebasedimages.ImageFileError, OSError, EOFError, ValueError, zlib.error) as error:
        cause = str(error).partition("\n")[0]
        raise BadInput(f"{path}: cannot be read as NIfTI, it may be truncated ({cause}); copy it again") from error
    if volume.ndim > 3 and volume.size == np.prod(volume.shape[:3]):
        volume = volume.reshape(volume.shape[:3])
    if volume.ndim != 3:
        raise BadInput(f"{path}: has {volume.ndim} dimensions, {volume.shape}; give a 3D image, e.g. one volume of it")
    if not image.header["sform_code"] and not image.header["qform_code"]:
        raise BadInput(f"{path}: says nothing of its position (sform and qform codes are 0); register it to MNI space")
    if np.linalg.det(image.affine[:3, :3]) == 0:
        raise BadInput(f"{path}: its affine flattens space, so voxels have no position; register it to MNI space")
    if not np.isfinite(volume).all():
        raise BadInput(f"{path}: holds values that are not finite; replace them by 0")
    if volume.min() == volume.max():
        raise BadInput(f"{path}: is empty, every voxel is {volume.min():g}; remove it or export it again")
    return Image(volume, np.asarray(image.affine), path)


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
