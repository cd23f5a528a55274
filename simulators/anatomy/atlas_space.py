"""Space of an atlas: refusals of one whose regions do not lie where the average brain has them."""

import math
import re

import numpy as np
from scipy.ndimage import distance_transform_edt, map_coordinates

from bench.contracts import BadInput, RegionName
from simulators.anatomy.mni152 import MNI152
from simulators.anatomy.parcellation import Parcellation

#: share of a region that may lie farther than this outside the brain: an atlas may draw over the surface of the average
#: brain, which is blurred
FAR_SHARE, FAR_MM = 0.2, 10.0
#: sides as FreeSurfer, nilearn's atlases and others write them: `lh-x`, `Left-x`, `x_L`, `ctx-rh-x`
SIDED = re.compile(r"(^|[\W_])(lh|rh|left|right|l|r)([\W_]|$)", re.IGNORECASE)


def require_in_space(drawn: Parcellation, image: str, resolution_mm: float) -> None:
    """Refuse an atlas with a region far outside the average brain, or with one on the other side than its name says.

    image: its path, for people. resolution_mm: voxel size at which the average brain is looked at.

    Raises:
        BadInput: for the first region that lies elsewhere.
    """
    at = np.nonzero(drawn.labels)
    regions = drawn.labels[at]
    points = drawn.affine[:3, :3] @ np.stack(at) + drawn.affine[:3, 3:]
    counts, far, left, right = (
        np.bincount(regions[where], minlength=len(drawn.names) + 1)[1:].tolist()
        for where in (regions > 0, _far(points, resolution_mm), points[0] < 0, points[0] > 0)
    )
    _require_named_sides(drawn, image)
    for name, count, beyond, *sides in zip(drawn.names, counts, far, left, right, strict=True):
        if beyond > FAR_SHARE * count:
            raise BadInput(
                f"{image}: {beyond} of {count} voxels of {name!r} lie more than {FAR_MM:g} mm outside the brain; "
                "give an atlas of the brain in MNI space"
            )
        _require_side(name, count, dict(zip(("left", "right"), sides, strict=True)), image)


def _require_named_sides(drawn: Parcellation, image: str) -> None:
    """Refuse names that tell sides as other programs do: their two sides would vary as strangers, exchanged or not."""
    for name in drawn.names:
        if not RegionName.of(name).side and SIDED.search(name):
            raise BadInput(f"{image}: the name {name!r} tells a side in another way; write 'left x' and 'right x'")


def _require_side(name: str, count: int, sides: dict[str, int], image: str) -> None:
    """Refuse a region most of whose voxels lie on the other side than its name says."""
    other = RegionName.of(name).other.side
    if other and sides[other] > count / 2:
        raise BadInput(
            f"{image}: {sides[other]} of {count} voxels of {name!r} lie on the {other}, where left is x < 0; "
            "correct the affine or the names"
        )


def _far(points: np.ndarray, resolution_mm: float) -> np.ndarray:
    """Which points (3, n), in mm, are far outside the average brain."""
    template, margin = MNI152(resolution_mm=resolution_mm).template, math.ceil(FAR_MM / resolution_mm)
    outside = np.pad(template.maps[2] <= 0.5, margin, constant_values=True)
    near = resolution_mm * distance_transform_edt(outside) <= FAR_MM
    voxels = (points - template.affine[:3, 3:]) / resolution_mm + margin
    return map_coordinates(near.astype(np.uint8), voxels, order=0, mode="grid-constant") == 0
