"""NIfTI files whose bytes depend on the volume alone."""

import gzip
from pathlib import Path

import nibabel as nib
import numpy as np
import torch
from torch import Tensor

#: NIfTI code for coordinates aligned to another image, here the template
ALIGNED = 2


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


def read(path: Path) -> Tensor:
    """The volume `write` wrote, (1, D, H, W), in the type it was written in."""
    image = nib.Nifti1Image.from_bytes(gzip.decompress(path.read_bytes()))
    data = np.asarray(image.dataobj)
    return torch.from_numpy(data.astype(data.dtype.newbyteorder("="), order="C"))[None]
