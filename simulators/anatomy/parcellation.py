"""Drawn regions: a label volume in MNI space, with the name and tissue of each region."""

from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.ndimage import affine_transform

from bench.contracts import BadInput
from simulators.anatomy.grid import Grid
from simulators.anatomy.nifti import Image, read

#: the regions that the package carries
FOLDER = Path(__file__).parent / "desikan_killiany"
IMAGE, TABLE = FOLDER / "regions.nii.gz", FOLDER / "regions.csv"
#: what a table of region names holds; `tissue` may stand beside it
COLUMNS = ["index", "name"]
#: tissues that a region may be of: "any" for a nucleus, which holds grey and white matter
TISSUES = ("gm", "wm", "csf")
ANY = "any"
#: the regions of fluid
VENTRICLES = ("left lateral ventricle", "right lateral ventricle")


class Parcellation(NamedTuple):
    """Regions drawn on a grid of their own.

    labels: (A, B, C) int16 in the file's axes, label r is `names[r - 1]`, 0 is no region. affine: its voxels to MNI mm
    (4, 4). tissues: "gm", "wm", "csf" or "any" for each name.
    """

    labels: np.ndarray
    affine: np.ndarray
    names: tuple[str, ...]
    tissues: tuple[str, ...]

    @property
    def voxel_mm(self) -> float:
        """The smallest side of its voxels."""
        return float(np.linalg.norm(self.affine[:3, :3], axis=0).min())

    def at(self, grid: Grid) -> np.ndarray:
        """Labels (D, H, W) nearest to the centres of a grid's voxels, 0 outside the volume."""
        to_voxel = np.linalg.inv(self.affine) @ grid.affine
        shape = tuple(int(n) for n in grid.voxels)
        return affine_transform(self.labels, to_voxel[:3, :3], to_voxel[:3, 3], output_shape=shape, order=0)


@lru_cache(maxsize=4)
def parcellation(image: Path = IMAGE, table: Path = TABLE) -> Parcellation:
    """The regions of an image of whole numbers with a table of names; a process reads each file once.

    Raises:
        BadInput: a file is missing or unreadable, a label has no name, a name or number stands twice, the image holds
            what is no label, or no licence lies beside it.
    """
    rows, volume = _table(table), read(image)
    labels = _whole(volume)
    if unnamed := set(np.unique(labels)) - {0} - set(rows["index"]):
        raise BadInput(f"{table}: no name for label {min(unnamed)} of {image}; add a row for it")
    if not any(image.parent.glob("LICEN[CS]E*")):
        raise BadInput(f"{image}: no licence lies beside it; put a file LICENSE there that says who may use the atlas")
    number = np.zeros(max(rows["index"].max(), labels.max()) + 1, np.int16)
    number[rows["index"]] = np.arange(1, len(rows) + 1)
    return Parcellation(number[labels], volume.affine, tuple(rows["name"]), tuple(rows["tissue"]))


def _whole(image: Image) -> np.ndarray:
    """The image's labels as whole numbers."""
    if (image.volume != np.round(image.volume)).any() or image.volume.min() < 0:
        raise BadInput(
            f"{image.path}: an atlas holds whole numbers from 0 on; give the image of labels, not probabilities"
        )
    return image.volume.astype(np.int32)


def _table(path: Path) -> pd.DataFrame:
    """Rows of `index` and `name`, both unique, and of `tissue`, "any" where the table does not say."""
    if not path.is_file():
        raise BadInput(f"{path}: there is no such file; give a table with the columns {' and '.join(COLUMNS)}")
    table = pd.read_csv(path, sep="," if path.suffix == ".csv" else "\t", skipinitialspace=True)
    if not set(COLUMNS) <= set(table.columns):
        raise BadInput(f"{path}: has the columns {list(table.columns)}; name two of them {' and '.join(COLUMNS)}")
    table = table.loc[table["index"] != 0, [c for c in (*COLUMNS, "tissue") if c in table.columns]]
    table = table if "tissue" in table.columns else table.assign(tissue=ANY)
    if table.isna().any(axis=None) or not pd.api.types.is_integer_dtype(table["index"]) or (table["index"] < 0).any():
        raise BadInput(f"{path}: every row needs a whole number as index, 0 or more, and a name")
    table = table.assign(name=table["name"].astype(str).str.strip())
    for column in COLUMNS:
        if (twice := table[column].duplicated()).any():
            raise BadInput(
                f"{path}: {column} {table[column][twice].tolist()[0]!r} stands there twice; make each its own"
            )
    if unknown := set(table["tissue"]) - {*TISSUES, ANY}:
        raise BadInput(f"{path}: tissue {min(unknown)!r} is none of {', '.join(TISSUES)} and {ANY}; write one of these")
    return table
