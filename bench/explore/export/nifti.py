"""NIfTI files whose bytes depend on the volume alone."""

import gzip
import zlib
from pathlib import Path

import nibabel as nib
import numpy as np
import torch
from torch import Tensor

from bench.contracts import BadInput

#: NIfTI code for coordinates aligned to another image, here the template
ALIGNED = 2
#: what libraries raise over a file that is torn or is of another kind, beside what a missing one raises
DAMAGED = (
    gzip.BadGzipFile,
    EOFError,
    ValueError,
    zlib.error,
    nib.spatialimages.HeaderDataError,
    nib.wrapstruct.WrapStructError,
    nib.filebasedimages.ImageFileError,
)


def write(path: Path, volume: Tensor, affine: np.ndarray) -> None:
    """volume (1, D, H, W) of any NIfTI type as (D, H, W), unscaled; affine (4, 4), voxel to mm.

    Raises:
        FileExistsError: rather than write two things to one name.
    """
    image = nib.Nifti1Image(volume[0].numpy(), affine)
    image.set_sform(affine, ALIGNED)
    image.set_qform(affine, ALIGNED, strip_shears=True)
    image.header.set_xyzt_units("mm")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as stream:
        stream.write(gzip.compress(image.to_bytes(), mtime=0))


def read(path: Path, affine: np.ndarray) -> Tensor:
    """The volume `write` wrote, (1, D, H, W), in the type it was written in.

    affine: voxel to mm (4, 4), as it was written.

    Raises:
        BadInput: the file is damaged, or something else was written to it.
    """
    try:
        image = nib.Nifti1Image.from_bytes(gzip.decompress(path.read_bytes()))
        data = np.asarray(image.dataobj)
    except DAMAGED as error:
        cause = str(error).partition("\n")[0].rstrip(".")
        raise BadInput(f"{path}: cannot be read as NIfTI ({cause}); run 'python -m bench export'") from error
    if data.ndim != 3 or not np.allclose(image.affine, affine, atol=1e-3):
        raise BadInput(f"{path}: is no longer on the grid that it was exported on; run 'python -m bench export'")
    return torch.from_numpy(data.astype(data.dtype.newbyteorder("="), order="C"))[None]
