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


def require_masks(folder: str, scans: tuple[Path, ...]) -> None:
    """Refuse scans of one file name, which have one mask between them, and scans without a mask."""
    seen: set[str] = set()
    for scan in scans:
        mask = mask_of(folder, scan)
        if mask and not mask.is_file():
            raise BadInput(f"{mask}: there is no such file, nor a mask of its BIDS name ({_bids_mask(scan)}); give one")
        if scan.name in seen:
            raise BadInput(f"{scan}: another scan is named {scan.name} too, and masks go by name; rename one of them")
        seen.add(scan.name)


def mask_of(folder: str | None, scan: Path) -> Path | None:
    """The mask of a scan in a folder of masks, None without such a folder.

    It is the file of the scan's name, or, where there is none, the one that BIDS derivatives call its brain mask,
    beside the others or in the folder of its subject: `sub-01_T1w.nii.gz` has `sub-01_desc-brain_mask.nii.gz`.

    Raises:
        BadInput: two files are its brain mask.
    """
    if not folder:
        return None
    place = users_path(folder)
    subject = scan.name.partition("_")[0]
    named = [*place.glob(f"{subject}_*mask.nii*"), *(place / subject).rglob(f"{subject}_*mask.nii*")]
    masks = sorted(path for path in named if _is_brain_mask(path, scan))
    if (place / scan.name).is_file() or not masks:
        return place / scan.name
    if masks[1:]:
        raise BadInput(f"{masks[1]}: is a mask of {scan.name}, and {masks[0].name} is one too; keep one of them")
    return masks[0]


def _is_brain_mask(path: Path, scan: Path) -> bool:
    """True for a file whose name says that it is a brain mask of a scan, in its space, as BIDS derivatives have it."""
    (mine, suffix), (other, _) = _entities(path), _entities(scan)
    described = mine.pop("desc", "brain"), mine.pop("label", "brain")
    other.pop("desc", None)
    return suffix == "mask" and described == ("brain", "brain") and mine == other


def _bids_mask(scan: Path) -> str:
    entities = [f"{key}-{value}" for key, value in _entities(scan)[0].items() if key != "desc"]
    return "_".join([*(entities or [_stem(scan)]), "desc-brain", "mask.nii.gz"])


def _entities(path: Path) -> tuple[dict[str, str], str]:
    """What a file name says of a BIDS file, by key, and its suffix: `sub-01_T1w` is ({"sub": "01"}, "T1w")."""
    *parts, suffix = _stem(path).split("_")
    return dict(part.split("-", 1) for part in parts if "-" in part), suffix


def _stem(path: Path) -> str:
    return path.name.removesuffix(".gz").removesuffix(".nii")


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
