"""Regions, lesions and pathologies too small for a grid to tell anything about them."""

import math
from collections.abc import Iterable

import numpy as np

from bench.contracts import BadInput, known
from simulators.anatomy.parcellation import Parcellation

#: voxels that a region needs before a pathology may act there
FEWEST_TO_ACT = 8
#: the smallest voxels that an anatomy may have
FINEST_MM = 2.0


def require_shown(
    regions: Iterable[str], drawn: Parcellation, region_names: tuple[str, ...], resolution_mm: float
) -> None:
    """Refuse a region of the anatomy's drawing that the grid does not show.

    Raises:
        BadInput: naming the region and a voxel size at which it has enough voxels, if there is one.
    """
    for region in sorted(set(regions) & set(drawn.names) - set(region_names)):
        mend = _shown_by(drawn.volume_mm3(region), resolution_mm)
        raise BadInput(f"region {region!r} has no voxels on this grid at {resolution_mm:g} mm; {mend}")


def _shown_by(volume_mm3: float, resolution_mm: float) -> str:
    """A mend for a region of a volume that a grid does not show."""
    finer = math.floor(2 * math.cbrt(volume_mm3 / FEWEST_TO_ACT)) / 2
    if finer < FINEST_MM:
        return f"name a larger one, as {volume_mm3:g} mm3 are too small for any grid (are the affine's units mm?)"
    return "use a whole brain" if finer >= resolution_mm else f"use anatomy.resolution_mm of {finer:g} or finer"


def require(regions: Iterable[str], labels: np.ndarray, region_names: tuple[str, ...], resolution_mm: float) -> None:
    """Refuse a region that has fewer than 8 voxels.

    regions: names that a pathology or task uses. labels: (D, H, W) of the anatomy's template; label r is
    `region_names[r - 1]`.
    Raises:
        BadInput: naming the region, its voxels and a voxel size at which it has enough.
    """
    counts = np.bincount(labels.ravel(), minlength=len(region_names) + 1)
    for region in regions:
        known("regions", "region", region, region_names)
        count = int(counts[region_names.index(region) + 1])
        if count < FEWEST_TO_ACT:
            finer = max(FINEST_MM, math.floor(2 * resolution_mm * (max(count, 1) / FEWEST_TO_ACT) ** (1 / 3)) / 2)
            raise BadInput(
                f"region {region!r} has {count} voxels at {resolution_mm:g} mm; "
                f"use anatomy.resolution_mm of {finer:g} or finer"
            )


def require_grid(family: str, coarsest_mm: float, resolution_mm: float) -> None:
    """Refuse voxels larger than a pathology of a family shows in.

    Raises:
        BadInput: naming the family, both sizes and the reason.
    """
    if resolution_mm > coarsest_mm:
        raise BadInput(
            f"{family} at anatomy.resolution_mm={resolution_mm:g} is too coarse, because what it moves is a small part "
            f"of such a voxel; use {coarsest_mm:g} or finer"
        )


def require_lesion(where: str, smallest_ml: float, resolution_mm: float) -> None:
    """Refuse a lesion that is smaller than a voxel.

    where: the field that sets the smallest volume, which is in ml.
    Raises:
        BadInput: naming the field, the volume, and the volume and the voxel size that fit each other.
    """
    voxel_ml = resolution_mm**3 / 1000
    if smallest_ml < voxel_ml:
        # three digits, rounded to the side that is enough
        least, finer = _ceil(voxel_ml), math.floor(100 * (1000 * smallest_ml) ** (1 / 3)) / 100
        grid = f", or anatomy.resolution_mm of {finer:g} or finer" if finer >= FINEST_MM else ""
        raise BadInput(
            f"{where}={smallest_ml:g} is not possible: give {least:g} ml or more, as a lesion smaller than a voxel of "
            f"{resolution_mm:g} mm is not seen{grid}"
        )


def _ceil(value: float) -> float:
    """The next number of three digits."""
    unit = 10.0 ** (math.floor(math.log10(value)) - 2)
    return math.ceil(value / unit - 1e-9) * unit
