"""The user's own regions, from an atlas in MNI space, in any anatomy."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from bench.contracts import BadInput, bounded
from simulators.anatomy.anatomy_wrapper import AnatomyWrapper, present
from simulators.anatomy.nifti import Image, read
from simulators.anatomy.protocol import Template, Warped
from simulators.anatomy.templated import nearest_voxels

#: what a table of region names holds
COLUMNS = ["index", "name"]


@bounded
@dataclass(frozen=True)
class Atlas(AnatomyWrapper):
    """Another anatomy whose regions come from an atlas; only regions that have a voxel on the grid are named.

    Sides are told by names: "left x" and "right x" vary together as sides of a brain do.
    image: path of a 3D NIfTI image of whole numbers in MNI space. labels: path of a table (.csv, else tab-separated)
    with columns `index` and `name`. 0 is no region. Results are known by the files' bytes; a process reads each file
    once.
    """

    version: ClassVar[str] = "1"
    image: str
    labels: str

    def __post_init__(self) -> None:
        _regions(self)

    @staticmethod
    def files_of(node: Mapping[str, Any]) -> tuple[Path, Path]:
        """The image and the table."""
        return Path(node["image"]).expanduser(), Path(node["labels"]).expanduser()

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
    inner, table = atlas.anatomy.template, _table(Path(atlas.labels).expanduser())
    values = _at(read(Path(atlas.image).expanduser()), inner.points)
    if unnamed := set(np.unique(values)) - {0} - set(table["index"]):
        raise BadInput(f"{atlas.labels}: no name for label {min(unnamed)} of {atlas.image}; add a row for it")
    rank = {value: place for place, value in enumerate(table["index"], start=1)}
    labels = np.vectorize(lambda value: rank.get(value, 0), otypes=[np.int16])(values)
    inside = np.where(inner.maps[2] > 0.5, labels, 0)
    number, names = present(inside, tuple(table["name"]))
    return inner._replace(labels=number[inside]), names, inner._replace(labels=number[labels])


def _at(image: Image, points: np.ndarray) -> np.ndarray:
    """Whole numbers (D, H, W) of an image at points (D, H, W, 3) in mm, by nearest neighbour, 0 outside of it."""
    volume, affine, path = image
    if (volume != np.round(volume)).any() or volume.min() < 0:
        raise BadInput(f"{path}: an atlas holds whole numbers from 0 on; give the image of labels, not probabilities")
    to_voxel = np.linalg.inv(affine)
    index = np.rint(points @ to_voxel[:3, :3].T + to_voxel[:3, 3]).astype(int)
    outside = ((index < 0) | (index >= volume.shape)).any(-1)
    found = volume[tuple(np.moveaxis(np.clip(index, 0, np.array(volume.shape) - 1), -1, 0))]
    return np.where(outside, 0, found).astype(int)


def _table(path: Path) -> pd.DataFrame:
    """Rows of `index` and `name`, both unique."""
    if not path.is_file():
        raise BadInput(f"{path}: there is no such file; give a table with the columns {' and '.join(COLUMNS)}")
    table = pd.read_csv(path, sep="," if path.suffix == ".csv" else "\t", skipinitialspace=True)
    if not set(COLUMNS) <= set(table.columns):
        raise BadInput(f"{path}: has the columns {list(table.columns)}; name two of them {' and '.join(COLUMNS)}")
    table = table.loc[table["index"] != 0, COLUMNS]
    if table.isna().any(axis=None) or not pd.api.types.is_integer_dtype(table["index"]):
        raise BadInput(f"{path}: every row needs a whole number as index and a name")
    table = table.assign(name=table["name"].astype(str).str.strip())
    for column in COLUMNS:
        if (twice := table[column].duplicated()).any():
            raise BadInput(
                f"{path}: {column} {table[column][twice].tolist()[0]!r} stands there twice; make each its own"
            )
    return table
