"""Drawn regions: a label volume in MNI space, with the name and tissue of each region."""

from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from bench.contracts import BadInput
from simulators.anatomy.grid import Grid
from simulators.anatomy.label_table import ANY, label_table
from simulators.anatomy.nifti import read_labels
from simulators.anatomy.placement import nearest_values

#: the regions that the package carries
FOLDER = Path(__file__).parent / "desikan_killiany"
IMAGE, TABLE = FOLDER / "regions.nii.gz", FOLDER / "regions.csv"
#: the regions of fluid
VENTRICLES = ("left lateral ventricle", "right lateral ventricle")


class Parcellation(NamedTuple):
    """Regions drawn on a grid of their own.

    labels: (A, B, C) int16 in the file's axes, label r is `names[r - 1]`, 0 is no region. affine: its voxels to MNI mm
    (4, 4). tissues: "gm", "wm", "csf", "gm+wm" or "any" for each name.
    """

    labels: np.ndarray
    affine: np.ndarray
    names: tuple[str, ...]
    tissues: tuple[str, ...]

    @property
    def voxel_mm(self) -> float:
        """The smallest side of its voxels."""
        return float(np.linalg.norm(self.affine[:3, :3], axis=0).min())

    def volume_mm3(self, region: str) -> float:
        """Volume of a region."""
        voxels = int((self.labels == self.names.index(region) + 1).sum())
        return round(voxels * abs(float(np.linalg.det(self.affine[:3, :3]))), 3)

    def holds(self, region: str, tissues: tuple[str, ...]) -> bool:
        """True unless a region is known to hold none of these tissues."""
        of = dict(zip(self.names, self.tissues, strict=True)).get(region, ANY)
        return of == ANY or not set(of.split("+")).isdisjoint(tissues)

    def at(self, grid: Grid) -> np.ndarray:
        """Labels (D, H, W) nearest to the centres of a grid's voxels, 0 outside the volume."""
        return nearest_values(self.labels, self.affine, tuple(int(n) for n in grid.voxels), grid.affine)


#: the drawing of an anatomy that has none
NOTHING_DRAWN = Parcellation(np.zeros((1, 1, 1), np.int16), np.eye(4), (), ())


@lru_cache(maxsize=4)
def parcellation(image: Path = IMAGE, table: Path = TABLE) -> Parcellation:
    """The regions of an image of whole numbers with a table of names; a process reads each file once.

    Raises:
        BadInput: a file is missing or unreadable, a label has no name, a name or number stands twice, the image holds
            what is no label, or no licence lies beside it.
    """
    named, volume = label_table(table), read_labels(image)
    number = {0: 0, **{index: place for place, index in enumerate(named.indices, start=1)}}
    values, places = np.unique(volume.volume, return_inverse=True)
    if unnamed := [int(value) for value in values if int(value) not in number]:
        raise BadInput(f"{table}: no name for label {unnamed[0]} of {image}; add a row for it")
    _require_licence(image)
    numbers = np.array([number[int(value)] for value in values], np.int16)
    return Parcellation(numbers[places].reshape(volume.volume.shape), volume.affine, named.names, named.tissues)


def _require_licence(image: Path) -> None:
    """Refuse an image beside which no file says who may use it."""
    named = (path for path in image.parent.iterdir() if path.name.lower().startswith(("license", "licence")))
    if not any(path.is_file() and path.stat().st_size for path in named):
        raise BadInput(f"{image}: no licence lies beside it; put a file LICENSE there that says who may use the atlas")
