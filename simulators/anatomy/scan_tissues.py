"""Tissues of a scan on the grid, of one in which they are told apart and lie where the average brain has them."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from bench.contracts import BadInput
from simulators.anatomy.grid import Grid
from simulators.anatomy.nifti import Image
from simulators.anatomy.placement import onto
from simulators.anatomy.scan_orientation import CENTRE, COARSE, SPREAD, Shares, average, misplaced
from simulators.anatomy.segment import foreground, largest, tissues

#: how far a registered brain's centroid (mm) and spread (relative) may be from these
FAR_MM, FAR_SPREAD = 15.0, 0.2
#: litres that no brain with its fluid fills; the average brain has 1.9
LARGEST = 2.2
#: how much that is bright may lie apart from a brain whose skull was stripped, as a share of the brain
BESIDE = 0.1


class ScanTissues(NamedTuple):
    """A scan's tissues.

    mask: voxels (A, B, C) bool of its brain. means: intensities of grey matter, white matter and fluid (3,).
    affine: its voxels to MNI mm (4, 4). shares: the three tissues on the grid, each (D, H, W).
    """

    mask: np.ndarray
    means: np.ndarray
    affine: np.ndarray
    shares: tuple[np.ndarray, ...]


def told_apart(image: Image, mask: np.ndarray | None, resolution: float, alignment: str) -> ScanTissues:
    """The tissues of a scan, within its mask where it has one.

    Raises:
        BadInput: it is no skull-stripped T1-weighted scan, or does not lie as the average brain does.
    """
    mask = _brain(image) if mask is None else mask
    shares, means = tissues(image.volume, mask)
    if not means[2] < means[0] < means[1]:
        raise BadInput(f"{image.path}: fluid, grey and white matter cannot be told apart; give a T1-weighted scan")
    affine = _aligned(image, mask, alignment)
    gm, wm, csf = (onto(Grid.covering(COARSE), share, affine) for share in shares)
    here = {"white matter": wm, "fluid": csf, "grey matter": gm}
    _check_contrast(image.path, here, average())
    if wrong := misplaced(here, alignment):
        raise BadInput(f"{image.path}: {wrong}; mend its affine, or register it to MNI space")
    fine = Grid.covering(resolution)
    gm, wm, csf = (onto(fine, share, affine) for share in shares)
    return ScanTissues(mask, means, affine, (gm, wm, csf))


def _brain(scan: Image) -> np.ndarray:
    """Voxels (A, B, C) bool of the brain of a skull-stripped scan."""
    bright = foreground(scan.volume)
    brain = largest(bright)
    if (bright & ~brain).sum() > BESIDE * brain.sum():
        raise BadInput(
            f"{scan.path}: much of it that is bright lies apart from the brain, as a scalp does; strip its skull, or "
            "give a mask in anatomy.masks"
        )
    return brain


def _check_contrast(path: Path, shares: Shares, average: Shares) -> None:
    """Refuse a scan whose tissues are not where the average brain has them.

    Fitted intensities stay in their order, whatever the contrast; only the place tells tissues apart.
    """
    for (tissue, place), shade in zip(average.items(), ("brightest", "darkest", "in between"), strict=True):
        held = {name: float((share * place).sum() / share.sum()) for name, share in shares.items()}
        if held[tissue] < max(held.values()):
            raise BadInput(
                f"{path}: what is {shade} is not where {tissue} is; give a T1-weighted scan that "
                "lies as its header says"
            )


def _aligned(image: Image, mask: np.ndarray, alignment: str) -> np.ndarray:
    """Voxels of a scan to MNI mm (4, 4), of a brain that lies where the average brain does."""
    world = np.argwhere(mask) @ image.affine[:3, :3].T + image.affine[:3, 3]
    centre, spread = world.mean(0), world.std(0)
    litres = len(world) * abs(np.linalg.det(image.affine[:3, :3])) / 1e6
    if litres > LARGEST:
        raise BadInput(
            f"{image.path}: its brain of {litres:.1f} litres is more than a brain (at most {LARGEST:g}); strip its "
            "skull, or give a mask in anatomy.masks"
        )
    if not spread.all():
        raise BadInput(f"{image.path}: its brain is flat; give a 3D scan of it")
    if alignment == "moments":
        scale = SPREAD / spread
        to_mni = np.diag([*scale, 1.0])
        to_mni[:3, 3] = CENTRE - scale * centre
        return to_mni @ image.affine
    if np.linalg.norm(centre - CENTRE) > FAR_MM or np.abs(spread / SPREAD - 1).max() > FAR_SPREAD:
        raise BadInput(
            f"{image.path}: its brain is centred at {np.round(centre)} mm with spread {np.round(spread)}, the average "
            f"brain at {CENTRE} with {SPREAD}; register it to MNI space, strip its skull, or, "
            "where it is only elsewhere or of another size, set anatomy.alignment=moments"
        )
    return image.affine
