"""The user's own regions, from an atlas in MNI space, in any anatomy."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from bench.contracts import bounded, users_path
from simulators.anatomy.anatomy_wrapper import AnatomyWrapper
from simulators.anatomy.atlas_space import require_in_space
from simulators.anatomy.grid import Grid
from simulators.anatomy.minimum import require_shown
from simulators.anatomy.parcellation import Parcellation, parcellation
from simulators.anatomy.protocol import Template, Warped
from simulators.anatomy.regions import numbering, tissue_shares
from simulators.anatomy.resampling import majority
from simulators.anatomy.templated import nearest_voxels


@bounded
@dataclass(frozen=True)
class Atlas(AnatomyWrapper):
    """Another anatomy whose regions come from an atlas; only regions that have a voxel on the grid are named.

    Sides are told by names: "left x" and "right x" vary together as sides of a brain do.
    image: path of a 3D NIfTI image of whole numbers in MNI space, beside a file LICENSE. labels: path of a table (.csv,
    else tab-separated) with columns `index` and `name`, and `tissue`, if it is known: "gm", "wm" or "csf" of a region
    of that alone, "gm+wm" of a nucleus, else "any".
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
    def drawing(self) -> Parcellation:
        """The atlas as its files have it."""
        return parcellation(*self.files_of(vars(self)))

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
    inner, drawn = atlas.anatomy.template, atlas.drawing
    grid = Grid(atlas.resolution_mm, inner.affine[:3, 3], np.array(inner.labels.shape))
    require_in_space(drawn, atlas.image, atlas.resolution_mm)
    full = np.zeros((3, *inner.labels.shape), np.float32)
    full[0] = 1
    inside, everywhere = (majority(grid, drawn, tissue) for tissue in (tissue_shares(inner.maps), full))
    number, names = numbering(inside, drawn.names)
    if not names:
        require_shown([max(drawn.names, key=drawn.volume_mm3)], drawn, names, atlas.resolution_mm)
    return inner._replace(labels=number[inside]), names, inner._replace(labels=number[everywhere])
