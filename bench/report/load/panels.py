"""Slices of a few subjects, small enough to commit: the source of the pictures.

Layout of panels.npz (no pickle). For each simulator s, P subjects in the same slices for all maps, every picture as it
is looked at (row 0 on top; R of the subject on the right; anterior on top in axial, on the right in sagittal slices):
`s/brain`, `s/twin` uint8 (P, H, W) on one intensity scale; `s/truth` int8 (P, H, W) with `s/truth/scale` (P,);
`s/subjects`, `s/labels` (1 patient, 0 control, -1 neither), `s/slice` int (P,); `s/position` mm (P,), x, y or z of the
slice, which studies published before it was kept lack; `s/plane` text; `s/spacing` mm. For each network n and method m:
`s/n/m` int8 (P, H, W) with `s/n/m/scale` (P,): map = int8 / 127 * scale, clipped. The scale of a map is the 99.5 %
quantile of its nonzero absolute values in the whole volume, so that a single bright voxel does not hide the rest.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.report.load.files import BadTables, reading

Array = NDArray[Any]
#: the axis that a plane cuts; volumes are (x, y, z) with x to the right, y to anterior, z to superior
PLANES = {"coronal": 1, "axial": 2, "sagittal": 0}
#: the subject's sides at the left, right, bottom and top of a plane's pictures
SIDES = {"coronal": "LRIS", "axial": "LRPA", "sagittal": "PAIS"}
CLIP = 0.995
#: what a subject of a label is called
WHO = {1: "patient", 0: "control", -1: "subject"}


@dataclass(frozen=True)
class Volumes:
    """P subjects of one simulator as the writer is given them: volumes (P, X, Y, Z).

    maps: network -> method -> (P, X, Y, Z) of one stated model. affine: voxel to mm, no rotation, cubes. plane: None
    takes the one whose best slice shows the largest share of the truth.
    """

    subjects: Array
    labels: Array
    brain: Array
    twin: Array
    truth: Array
    maps: Mapping[str, Mapping[str, Array]]
    affine: Array = field(default_factory=lambda: np.eye(4))
    plane: str | None = None


@dataclass(frozen=True)
class PictureSet:
    """The pictures of one simulator (P, H, W), as a reader gets them: truth and maps as float32 in their own units.

    positions: mm (P,), NaN where it is not known.
    """

    subjects: Array
    labels: Array
    plane: str
    slices: Array
    positions: Array
    spacing: float
    brain: Array
    twin: Array
    truth: Array
    truth_scale: Array
    maps: dict[str, dict[str, Array]] = field(default_factory=dict)
    scales: dict[str, dict[str, Array]] = field(default_factory=dict)

    def who(self, p: int) -> str:
        """What is shown of a picture's subject: a patient or a control, with its number."""
        return f"{WHO[int(self.labels[p])]} {self.subjects[p]}"

    def where(self, p: int) -> str:
        """The coordinate of a picture's slice, or its number where no coordinate is known."""
        if np.isnan(self.positions[p]):
            return f"{self.plane}, slice {self.slices[p]}"
        return coordinate(self.plane, float(self.positions[p]))


def write(path: Path, simulators: Mapping[str, Volumes]) -> None:
    """Write panels.npz; the same arrays give the same bytes. Raises BadTables for a name with a slash."""
    arrays: dict[str, Array] = {}
    for simulator, volumes in simulators.items():
        arrays |= {f"{_name(simulator)}{key}": array for key, array in _arrays(volumes).items()}
    np.savez_compressed(path, allow_pickle=False, **arrays)


def read(path: Path) -> dict[str, PictureSet]:
    """Pictures by simulator; empty where the study has no panels."""
    if not Path(path).is_file():
        return {}
    with reading(Path(path)), np.load(path, allow_pickle=False) as stored:
        arrays = {key: stored[key] for key in stored.files}
    return {name: _picture_set(arrays, name) for name in dict.fromkeys(key.split("/")[0] for key in arrays)}


def cropped_pictures(images: PictureSet) -> PictureSet:
    """The pictures without the empty margin that all its brains share; one voxel is left around them."""
    _, rows, columns = np.nonzero(images.brain)
    if not len(rows):
        return images
    (top, bottom), (left, right) = _extent(rows, images.brain.shape[1]), _extent(columns, images.brain.shape[2])

    def window(values: Array) -> Array:
        return values[:, top:bottom, left:right]

    maps = {n: {m: window(values) for m, values in methods.items()} for n, methods in images.maps.items()}
    brain, twin, truth = (window(values) for values in (images.brain, images.twin, images.truth))
    return replace(images, maps=maps, brain=brain, twin=twin, truth=truth)


def cut(volumes: Array, plane: str, slices: Array) -> Array:
    """The slices (P,) of volumes (P, X, Y, Z) as pictures (P, H, W), row 0 on top."""
    return np.stack([np.rot90(v.take(int(k), PLANES[plane])) for v, k in zip(volumes, slices, strict=True)])


def coordinate(plane: str, position: float) -> str:
    """The place of a plane as in `z = −12 mm`."""
    return f"{'xyz'[PLANES[plane]]} = {round(position)} mm".replace("-", "−")


def best_slices(truth: Array, plane: str) -> Array:
    """Per subject the slice that holds most of |truth| (P, X, Y, Z); the middle one where the truth is empty."""
    axis = PLANES[plane] + 1
    profile = np.abs(truth).sum(tuple(a for a in (1, 2, 3) if a != axis))
    return np.where(profile.any(1), profile.argmax(1), profile.shape[1] // 2)


def best_plane(truth: Array) -> str:
    """The plane whose best slices show the largest share of |truth|."""
    return max(PLANES, key=lambda plane: float(np.abs(cut(truth, plane, best_slices(truth, plane))).sum()))


def _arrays(v: Volumes) -> dict[str, Array]:
    plane = v.plane or best_plane(v.truth)
    slices = best_slices(v.truth, plane)
    top = max(float(np.quantile(v.brain, CLIP)), np.finfo(np.float32).tiny)
    grey = {
        key: np.round(255 * np.clip(cut(image, plane, slices) / top, 0, 1)).astype(np.uint8)
        for key, image in (("/brain", v.brain), ("/twin", v.twin))
    }
    maps = {f"/{_name(n)}/{_name(m)}": volume for n, methods in v.maps.items() for m, volume in methods.items()}
    signed: dict[str, Array] = {}
    for key, volume in ({"/truth": v.truth} | maps).items():
        signed[key], signed[f"{key}/scale"] = _quantised(volume, plane, slices)
    return {
        "/subjects": np.asarray(v.subjects, np.int64), "/labels": np.asarray(v.labels, np.int64),
        "/slice": slices.astype(np.int64), "/plane": np.array(plane), "/spacing": np.array(abs(float(v.affine[0, 0]))),
        "/position": v.affine[PLANES[plane], PLANES[plane]] * slices + v.affine[PLANES[plane], 3],
        **grey, **signed,
    }  # fmt: skip


def _quantised(volume: Array, plane: str, slices: Array) -> tuple[Array, Array]:
    scale = np.array([np.quantile(np.abs(v[v != 0]), CLIP) if v.any() else 0.0 for v in volume])
    share = cut(volume, plane, slices) / np.where(scale > 0, scale, 1)[:, None, None]
    return np.round(127 * np.clip(share, -1, 1)).astype(np.int8), scale


def _picture_set(arrays: dict[str, Array], name: str) -> PictureSet:
    def get(key: str) -> Array:
        return arrays[f"{name}/{key}"]

    def restored(key: str) -> Array:
        return get(key).astype(np.float32) / 127 * get(f"{key}/scale").astype(np.float32)[:, None, None]

    images = PictureSet(
        get("subjects"), get("labels"), str(get("plane")), get("slice"),
        arrays.get(f"{name}/position", np.full(len(get("slice")), np.nan)), float(get("spacing")), get("brain"),
        get("twin"), restored("truth"), get("truth/scale"),
    )  # fmt: skip
    for key in arrays:
        parts = key.split("/")
        if parts[0] == name and len(parts) == 3 and parts[1] != "truth":
            images.maps.setdefault(parts[1], {})[parts[2]] = restored(f"{parts[1]}/{parts[2]}")
            images.scales.setdefault(parts[1], {})[parts[2]] = get(f"{parts[1]}/{parts[2]}/scale")
    return images


def _extent(places: Array, length: int) -> tuple[int, int]:
    return max(int(places.min()) - 1, 0), min(int(places.max()) + 2, length)


def _name(name: str) -> str:
    if "/" in name:
        raise BadTables(f"panels.npz: the name {name!r} holds a slash; rename it")
    return name
