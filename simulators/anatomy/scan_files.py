"""Scans of a folder, and their masks."""

from pathlib import Path

import numpy as np

from bench.contracts import BadInput, users_path
from simulators.anatomy.nifti import Image, read
from simulators.anatomy.placement import nearest_values

#: how much of a mask must lie within its scan
WITHIN = 0.9


def scan_files(folder: str, pattern: str) -> tuple[Path, ...]:
    """Files of a pattern in a folder, by name; hidden ones are none, as to a shell.

    Raises:
        BadInput: the pattern is none, or a scan is there packed and unpacked.
    """
    place = users_path(folder)
    try:
        files = sorted(place.glob(pattern)) if folder else []
    except (ValueError, NotImplementedError) as error:
        raise BadInput(f"Scans.pattern={pattern!r} is not possible: give one of names, such as *.nii.gz") from error
    scans = tuple(path for path in files if not path.name.startswith("."))
    if twice := [path for path in scans if path.suffix == ".gz" and path.with_suffix("") in scans]:
        raise BadInput(f"{twice[0]}: is there as {twice[0].stem} too; keep one of them")
    return scans


def require_masks(scans: tuple[Path, ...]) -> None:
    """Refuse scans of one file name, which have one mask between them."""
    seen: set[str] = set()
    for scan in scans:
        if scan.name in seen:
            raise BadInput(f"{scan}: another scan is named {scan.name} too, and masks go by name; rename one of them")
        seen.add(scan.name)


def mask_of(folder: str | None, scan: Path) -> Path | None:
    """The mask of a scan, its file of the same name in a folder of masks; None without such a folder."""
    return users_path(folder) / scan.name if folder else None


def inside(path: Path, scan: Image) -> np.ndarray:
    """Voxels (A, B, C) bool of a scan whose centres lie in a voxel that the mask of a file says is brain.

    Raises:
        BadInput: the file is unusable, no mask, or the mask of something else.
    """
    mask = read(path)
    brain = _two_valued(mask)
    on_scan = nearest_values(brain.astype(np.uint8), mask.affine, scan.volume.shape, scan.affine) > 0
    held, drawn = (
        float(part.sum()) * abs(np.linalg.det(affine[:3, :3]))
        for part, affine in ((on_scan, scan.affine), (brain, mask.affine))
    )
    if held < WITHIN * drawn:
        raise BadInput(f"{path}: {1 - held / drawn:.0%} of it lies outside of {scan.path}; give the mask of that scan")
    return on_scan


def _two_valued(mask: Image) -> np.ndarray:
    """Where (A, B, C) a mask of 0 and another number, or of shares of a voxel, says yes."""
    values, top = mask.volume, mask.volume.max()
    shares = 0.5 < top <= 1
    if values.min() < 0 or not (shares or ((values == 0) | (values == top)).all()):
        raise BadInput(f"{mask.path}: holds more than a mask's two values; give 0 outside of the brain and 1 inside")
    return np.asarray(values > (0.5 if shares else 0))
