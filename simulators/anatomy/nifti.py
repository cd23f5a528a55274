"""NIfTI files of the user's, read as their headers mean them, or refused in one sentence that names the file."""

import gzip
import math
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bench.contracts import BadInput

if TYPE_CHECKING:
    from nibabel.nifti1 import Nifti1Header

#: how far the squares of a quaternion may add up beyond 1: what four decimals leave
ROUNDED = 1e-3
#: codes of units in which positions may be: none stated, and mm
UNITS = (0, 2)
#: the largest scale at which whole numbers that were stored in steps can be told from fractions
FINE = 0.1
#: the sentence over an image of which no regions can be read
NO_LABELS = "an atlas holds whole numbers from 0 on; give the image of labels, not probabilities"


class Image(NamedTuple):
    """volume: (A, B, C) in the file's own axes. affine: its voxels to millimetres (4, 4). path: its file."""

    volume: np.ndarray
    affine: np.ndarray
    path: Path


class _Stored(NamedTuple):
    """An image as it is stored: its values are `slope` times these, and `inter` more."""

    image: Image
    slope: float
    inter: float

    @property
    def scaled(self) -> np.ndarray:
        """The values that the file means."""
        if (self.slope, self.inter) == (1, 0):
            return self.image.volume
        return self.image.volume.astype(np.float64) * self.slope + self.inter


def read(path: Path) -> Image:
    """A 3D image of intensities, float32.

    Raises:
        BadInput: the file is missing, damaged, no NIfTI in one file, RGB, complex, not 3D, without a usable position,
            empty or not finite.
    """
    stored = _stored(path)
    with np.errstate(over="ignore"):
        volume = stored.scaled.astype(np.float32)
    return _filled(stored.image._replace(volume=volume))


def read_labels(path: Path) -> Image:
    """A 3D image of whole numbers from 0 on, as integers of any size.

    Numbers that were stored in steps finer than 0.1 are the nearest whole ones.

    Raises:
        BadInput: as `read`, or the image holds something else than such numbers, or floats too large to be exact.
    """
    stored = _stored(path)
    values = _filled(stored.image._replace(volume=stored.scaled)).volume
    if values.dtype.kind == "f":
        _require_exact(path, values, stored)
        values = np.round(values).astype(np.int64)
    if values.min() < 0:
        raise BadInput(f"{path}: {NO_LABELS}")
    return stored.image._replace(volume=values)


def _require_exact(path: Path, values: np.ndarray, stored: _Stored) -> None:
    """Refuse floats that are no whole numbers, or so large that neighbours share a value."""
    held = stored.image.volume.dtype
    exact = 2 ** min(np.finfo(held if held.kind == "f" else np.float64).nmant + 1, 62)
    if np.abs(values).max() >= exact:
        raise BadInput(f"{path}: holds {held} numbers beyond {exact}, which merge; store its labels as integers")
    step = abs(stored.slope) / 2 if held.kind != "f" and abs(stored.slope) <= FINE else 0.0
    if (np.abs(values - np.round(values)) > step).any():
        raise BadInput(f"{path}: {NO_LABELS}")


def _filled(image: Image) -> Image:
    """The image, unless it says nothing."""
    volume = image.volume
    if not np.isfinite(volume).all():
        raise BadInput(f"{image.path}: holds values that are not finite; replace them by 0")
    if volume.min() == volume.max():
        raise BadInput(f"{image.path}: is empty, every voxel is {volume.min():g}; remove it or export it again")
    return image


def _stored(path: Path) -> _Stored:
    """An image with numbers and a position, unscaled."""
    # nibabel takes a moment to import, which anatomies without files need not pay
    from nibabel.spatialimages import HeaderDataError

    content = _content(path)
    header = _header(path, content)
    try:
        slope, inter = header.get_slope_inter()
        with np.errstate(all="ignore"):
            affine = np.asarray(header.get_best_affine(), np.float64)
        shape, dtype, start = header.get_data_shape(), header.get_data_dtype(), int(header.get_data_offset())
    except KeyError as error:
        raise _damaged(path, f"its kind of numbers, {error}, is unknown") from error
    except (HeaderDataError, ValueError, OverflowError) as error:
        raise _damaged(path, error) from error
    _require_volume(path, shape, dtype)
    _require_position(path, header, affine)
    end = start + math.prod(shape) * dtype.itemsize
    if not header.single_vox_offset <= start <= end <= len(content):
        raise _damaged(path, f"its values lie at bytes {start} to {end} of {len(content)}")
    values = np.frombuffer(content, dtype, math.prod(shape), start).reshape(shape[:3], order="F")
    image = Image(values.astype(dtype.newbyteorder("=")), affine, path)
    return _Stored(image, 1.0 if slope is None else float(slope), 0.0 if inter is None else float(inter))


def _content(path: Path) -> bytes:
    """The file's bytes, unpacked whatever its name, all of them: only its end tells that packed bytes are whole."""
    if not path.is_file():
        instead = "is a folder" if path.is_dir() else "there is no such file"
        raise BadInput(f"{path}: {instead}; give the path of a NIfTI image (.nii or .nii.gz)")
    try:
        content = path.read_bytes()
        return gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
    except (OSError, EOFError, zlib.error) as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, error: object) -> BadInput:
    cause = str(error).partition("\n")[0].rstrip(".")
    return BadInput(f"{path}: cannot be read as NIfTI, it may be truncated ({cause}); copy it again")


def _header(path: Path, content: bytes) -> "Nifti1Header":
    """The header of a single file of NIfTI-1 or NIfTI-2, in either order of bytes."""
    # it takes a moment to import
    import nibabel

    for kind, at in ((nibabel.nifti1.Nifti1Header, 344), (nibabel.nifti2.Nifti2Header, 4)):
        if content[at : at + 4] == kind.single_magic + b"\0" and len(content) >= kind.sizeof_hdr:
            header = kind(content[: kind.sizeof_hdr], check=False)
            # the squares of rounded numbers may add up to more than 1, which other readers take as well
            header.quaternion_threshold = np.float64(ROUNDED)
            # 0 stands for 1
            header["pixdim"][0] = np.copysign(1, header["pixdim"][0])
            return header
    raise BadInput(f"{path}: is no NIfTI image in one file; convert it to .nii or .nii.gz")


def _require_volume(path: Path, shape: tuple[int, ...], dtype: np.dtype) -> None:
    """Refuse what is not one number a voxel in three dimensions."""
    if dtype.kind not in "iuf":
        held = "colours" if dtype.fields else {"c": "complex numbers"}.get(dtype.kind, "bits")
        raise BadInput(f"{path}: holds {held}, not one number a voxel; give an image of intensities or labels")
    if len(shape) < 3 or math.prod(shape[3:]) != 1:
        raise BadInput(f"{path}: has {len(shape)} dimensions, {shape}; give a 3D image, e.g. one volume of it")
    if min(shape[:3]) < 2:
        raise BadInput(f"{path}: is empty or flat, of {shape[:3]} voxels; give a 3D image")


def _require_position(path: Path, header: "Nifti1Header", affine: np.ndarray) -> None:
    """Refuse an image of which nobody knows where it lies."""
    if not header["sform_code"] and not header["qform_code"]:
        raise BadInput(f"{path}: says nothing of its position (sform and qform codes are 0); register it to MNI space")
    with np.errstate(all="ignore"):
        sides, volume = np.linalg.norm(affine[:3, :3], axis=0), abs(np.linalg.det(affine[:3, :3]))
    if not (np.isfinite(affine).all() and volume > 1e-6 * sides.prod()):
        raise BadInput(f"{path}: its affine flattens space, so voxels have no position; register it to MNI space")
    if int(header["xyzt_units"]) % 8 not in UNITS:
        raise BadInput(f"{path}: its header says that positions are not in mm; write them in mm, and say so")
