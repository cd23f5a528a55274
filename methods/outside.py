"""Maps made elsewhere, by any software, read from NIfTI files in place of being made."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

import nibabel as nib
import numpy as np
import torch
from torch import Tensor, nn

from bench.contracts import BadInput, Context, MethodTags, Target, Unsupported, bounded, participant, users_path

#: how far, in mm, a corner of a map's grid may lie from that of its image
APART_MM = 0.01


@bounded
@dataclass(frozen=True)
class OutsideMaps:
    """Maps of the explained subjects of trained models.

    folder: one folder a model, by the name that an export gives it, with one file a subject anywhere in it, whose name
    begins with the participant's (`sub-0001`), on the grid of the exported images.
    quantity: what a value is, `location` (where, not how much) or `sensitivity` (a change of the score per unit of
    intensity, as a gradient is); a contribution would need its multiplier, which one file does not hold.
    """

    folder: str
    quantity: Literal["location", "sensitivity"] = "location"

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "Maps given as files"
    summary: ClassVar[str] = "Maps made elsewhere and given as files; how they were made is not known here."
    note: ClassVar[str] = "scored as they are; what asks a method for maps of other images or models has no value"

    @property
    def tags(self) -> MethodTags:
        """As the maps say of themselves."""
        return MethodTags("outside", self.quantity, cost="0")

    @staticmethod
    def files_of(node: Mapping[str, Any]) -> Iterable[Path]:
        """Every map, by its path."""
        return (path for model in _folders(node["folder"]).values() for path in _files(model))

    @property
    def models(self) -> tuple[str, ...]:
        """Names of the models that maps are given of."""
        return tuple(_folders(self.folder))

    def read(self, model: str, subjects: Sequence[int], shape: tuple[int, ...], affine: np.ndarray) -> Tensor:
        """The maps (N, 1, D, H, W) of subjects of a model, on the grid of their images.

        Raises:
            BadInput: naming the file or the subject that does not fit.
        """
        folder = _folders(self.folder)[model]
        paths = _by_participant(folder)
        missing = [name for s in subjects if (name := participant(s)) not in paths]
        if missing:
            raise BadInput(f"{folder}: there is no map of {missing[0]}; give one of each exported subject")
        return torch.stack([_volume(paths[participant(s)], tuple(shape), affine) for s in subjects])

    def check(self, model: str, subjects: Sequence[int], shape: tuple[int, ...], affine: np.ndarray) -> None:
        """Refuse maps of a model that do not fit, or that are of a subject which is not explained."""
        folder = _folders(self.folder)[model]
        unknown = sorted(_by_participant(folder).keys() - {participant(s) for s in subjects})
        if unknown:
            raise BadInput(
                f"{folder}: {unknown[0]} is not among the {len(subjects)} explained subjects; remove its map"
            )
        self.read(model, subjects, shape, affine)

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Tensor:
        """Maps (N, 1, D, H, W) as they were given."""
        if context is None or not context.model:
            raise Unsupported("maps made elsewhere are of trained models and their explained subjects alone")
        if context.model not in self.models:
            raise Unsupported(f"there are no maps of the model {context.model} in {Path(self.folder).name}")
        return self.read(context.model, context.subjects, tuple(inputs.shape[2:]), context.affine)


def _folders(folder: str) -> dict[str, Path]:
    """{name of a model: the folder of its maps}, by name."""
    place = users_path(folder)
    inside = sorted(place.iterdir()) if place.is_dir() else []
    return {path.name: path for path in inside if path.is_dir() and not path.name.startswith(".")}


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*.nii*") if not path.name.startswith("."))


def _by_participant(folder: Path) -> dict[str, Path]:
    """{participant: the file of its map}; raises BadInput where one has two, or a file names none."""
    paths: dict[str, Path] = {}
    for path in _files(folder):
        name = path.name.partition(".")[0].partition("_")[0]
        if not name.startswith("sub-"):
            raise BadInput(f"{path}: names no subject; call it sub-0001.nii.gz, or as an export calls its maps")
        if paths.setdefault(name, path) != path:
            raise BadInput(f"{path}: is a second map of {name}, beside {paths[name].name}; keep one of them")
    return paths


def _volume(path: Path, shape: tuple[int, ...], affine: np.ndarray) -> Tensor:
    """One map (1, D, H, W) float32."""
    try:
        image: Any = nib.load(path)
        data = np.asarray(image.dataobj, dtype=np.float32)
    except Exception as error:  # a file of anyone's, which libraries meet in many ways
        raise BadInput(f"{path}: cannot be read as NIfTI ({str(error).partition(chr(10))[0].rstrip('.')})") from error
    if data.shape != shape:
        raise BadInput(
            f"{path}: has {_grid(data.shape)} voxels, its image {_grid(shape)}; give it on the exported grid"
        )
    corners = np.array([[*(np.array(shape) - 1), 1], [0, 0, 0, 1]]).T
    if np.abs((image.affine - affine) @ corners).max() > APART_MM:
        raise BadInput(f"{path}: lies elsewhere than its image; give it the affine of the exported image")
    if not np.isfinite(data).all():
        raise BadInput(f"{path}: holds values that are not finite; give a number to every voxel")
    return torch.from_numpy(np.ascontiguousarray(data))[None]


def _grid(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))
