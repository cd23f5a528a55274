"""The user's own regions, from an atlas in MNI space, in any anatomy."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from bench.contracts import BadInput, bounded, users_path
from simulators.anatomy.anatomy_wrapper import AnatomyWrapper
from simulators.anatomy.grid import Grid
from simulators.anatomy.parcellation import Parcellation, parcellation
from simulators.anatomy.protocol import Template, Warped
from simulators.anatomy.regions import numbering, tissue_shares
from simulators.anatomy.resampling import majority
from simulators.anatomy.templated import nearest_voxels

#: share of a region's voxels that may lie outside the brain
OUTSIDE = 0.75


@bounded
@dataclass(frozen=True)
class Atlas(AnatomyWrapper):
    """Another anatomy whose regions come from an atlas; only regions that have a voxel on the grid are named.

    Sides are told by names: "left x" and "right x" vary together as sides of a brain do.
    image: path of a 3D NIfTI image of whole numbers in MNI space, beside a file LICENSE. labels: path of a table (.csv,
    else tab-separated) with columns `index` and `name`, and `tissue` where a region is of "gm", "wm" or "csf" alone.
    0 is no region. Results are known by the files' bytes; a process reads each file once.
    """

    version: ClassVar[str] = "3"
    image: str
    labels: str

    def __post_init__(self) -> None:
        _regions(self)

    @staticmethod
    def files_of(node: Mapping[str, Any]) -> tuple[Path, Path]:
        """The image and the table."""
        return users_path(node["image"]), users_path(node["labels"])

    @property
    def template(self) -> Template:
        """The inner template with the atlas's regions."""
        return _regions(self)[0]

    @property
    def region_names(self) -> tuple[str, ...]:
        """The atlas's names, in the order of its table."""
        return _regions(self)[1]

    def resample(self, position: np.ndarray, latents: Mapping[str, Any]) -> Warped:
        """The inner anatomy at positions (D, H, W, 3) in mm, with the atlas's regions by nearest neighbour."""
        maps = self.anatomy.resample(position, latents).maps
        return Warped(maps, np.where(maps[2] > 0.5, nearest_voxels(_regions(self)[2], position), 0).astype(np.int16))


@lru_cache(maxsize=4)
def _regions(atlas: Atlas) -> tuple[Template, tuple[str, ...], Template]:
    """The template with the atlas's labels inside the brain, their names, and one with its labels everywhere."""
    inner, drawn = atlas.anatomy.template, parcellation(*Atlas.files_of(vars(atlas)))
    grid = Grid(atlas.resolution_mm, inner.affine[:3, 3], np.array(inner.labels.shape))
    _require_inside(drawn, grid, inner.maps[2], atlas.image)
    full = np.zeros((3, *inner.labels.shape), np.float32)
    full[0] = 1
    inside, everywhere = (majority(grid, drawn, tissue) for tissue in (tissue_shares(inner.maps), full))
    number, names = numbering(inside, drawn.names)
    if not names:
        raise BadInput(f"{atlas.image}: no region of it lies in this brain; give an atlas in MNI space")
    return inner._replace(labels=number[inside]), names, inner._replace(labels=number[everywhere])


def _require_inside(drawn: Parcellation, grid: Grid, brain: np.ndarray, image: str) -> None:
    """Refuse regions of which more than three quarters lie outside the brain: the atlas is in another space."""
    labels, regions = drawn.at(grid), len(drawn.names)
    counts, outside = (np.bincount(labels[where], minlength=regions + 1)[1:] for where in (brain >= 0, brain <= 0.5))
    for name, count, beyond in zip(drawn.names, counts, outside, strict=True):
        if beyond > OUTSIDE * count:
            raise BadInput(
                f"{image}: {beyond} of {count} voxels of {name!r} lie outside the brain; give an atlas in MNI space"
            )
