"""The label volume of the average brain's regions, made of a drawn atlas: `python -m simulators.anatomy.draw_regions`.

The atlas (`desikan_killiany/SOURCE.md`) holds cortex, deep nuclei and brain stem. Its sides are made each other's
mirror, as the template's are, and what it leaves out is filled in from the template's tissues: cerebellum, white
matter of each lobe and around the deep nuclei, callosum and lateral ventricles. Nuclei that it draws larger than
people's give their outermost voxels away.
"""

from typing import NamedTuple

import nibabel
import numpy as np
import pandas as pd
from scipy.ndimage import distance_transform_edt, gaussian_filter, label

from bench.contracts import RegionName
from simulators.anatomy.grid import Grid
from simulators.anatomy.mni152 import averages
from simulators.anatomy.parcellation import FOLDER, IMAGE, TABLE

#: half a voxel along each axis, by which the file's affine is off (mm): with it the atlas's sides mirror each other
#: about 0, and its cortex and nuclei hold more of the template's grey matter
OFFSET_MM = 0.5
#: width of the neighbourhood in which both sides' drawings vote (mm)
VOTE_MM = 0.8
#: nuclei drawn larger than people's (`norms_volumes.csv`), accumbens 2.1 times and amygdala 1.4 times: the volume of a
#: side that they keep (ml), about a quarter above the norm, and the regions that take what lies near them
LARGE = {
    "nucleus accumbens": (0.95, ("caudate", "putamen")),
    "amygdala": (2.65, ("hippocampus", "entorhinal cortex")),
    "hippocampus": (6.3, ("parahippocampal gyrus", "entorhinal cortex")),
    "putamen": (7.7, ("pallidum",)),
}
#: SD of the neighbourhood by which a voxel is more or less outermost, and how far away a region takes it (mm)
DEPTH_MM, NEAR_MM = 1.5, 3.0
#: how far the callosum reaches to either side (mm)
CALLOSUM_MM = 10.0
#: a point in the body of the right lateral ventricle, and the box that holds both (MNI mm)
VENTRICLE, HORNS = (8.0, 8.0, 16.0), ((-45.0, 45.0), (-80.0, 40.0), (-25.0, 35.0))


class Drawing(NamedTuple):
    """Labels (A, B, C) of voxels of 1 mm, the points of their centres (A, B, C, 3) in MNI mm, and the affine."""

    labels: np.ndarray
    points: np.ndarray
    affine: np.ndarray


def drawn() -> Drawing:
    """The atlas as it was drawn."""
    image = nibabel.nifti1.load(FOLDER / "drawn.nii.gz")
    labels = np.asarray(image.dataobj).astype(np.int16)
    grid = Grid(1.0, image.affine[:3, 3] + OFFSET_MM, np.array(labels.shape))
    return Drawing(labels, grid.points, grid.affine)


def mirrored(labels: np.ndarray, names: pd.DataFrame) -> np.ndarray:
    """Labels seen in a mirror: the left half in place of the right, with the other side's names."""
    row = dict(zip(names["name"], names["index"], strict=True))
    other = np.zeros(names["index"].max() + 1, labels.dtype)
    other[list(row.values())] = [row[str(RegionName.of(name).other)] for name in row]
    return other[labels[::-1]]


def symmetric(labels: np.ndarray, names: pd.DataFrame) -> np.ndarray:
    """Labels whose sides mirror each other: where drawing and mirror image differ, their 27 neighbours in both vote.

    Ties go to the larger number of the two regions, and between sides to the side that the voxel lies on.
    """
    turned, result = mirrored(labels, names), labels.copy()
    at = np.argwhere(labels != turned)
    label, other = labels[tuple(at.T)], turned[tuple(at.T)]
    lead = np.zeros(len(at))
    for step in np.ndindex(3, 3, 3):
        weight = np.exp(-((np.array(step) - 1) ** 2).sum() / (2 * VOTE_MM**2))
        for volume in (labels, turned):
            beside = np.pad(volume, 1)[tuple((at + step).T)]
            lead += weight * ((beside == label).astype(int) - (beside == other))
    tie = np.abs(lead) < 1e-9
    first, second = (_precedence(values[tie], at[tie], labels.shape, names) for values in (label, other))
    lead[tie] = first - second
    result[tuple(at.T)] = np.where(lead > 0, label, other)
    return result


def _precedence(values: np.ndarray, at: np.ndarray, shape: tuple[int, ...], names: pd.DataFrame) -> np.ndarray:
    """Rank of labels at voxels that is the same in a mirror: by region, then by whether it is of the voxel's side."""
    parts = {
        0: RegionName("", ""),
        **{index: RegionName.of(name) for index, name in names[["index", "name"]].to_numpy()},
    }
    structures = sorted({part.structure for part in parts.values()})
    rank, right = np.zeros(max(parts) + 1, int), np.zeros(max(parts) + 1, bool)
    for index, part in parts.items():
        rank[index], right[index] = structures.index(part.structure), part.side == "right"
    return 2 * rank[values] + (right[values] == (at[:, 0] >= shape[0] / 2))


def trimmed(labels: np.ndarray, names: pd.DataFrame) -> np.ndarray:
    """A symmetric drawing whose nuclei of `LARGE` have given their outermost voxels to neighbours, or to no region.

    The right side is worked on and mirrored.
    """
    row, result = dict(zip(names["name"], names["index"], strict=True)), labels.copy()
    for nucleus, (ml, neighbours) in LARGE.items():
        inside = result == row[f"right {nucleus}"]
        depth = gaussian_filter(inside.astype(np.float64), DEPTH_MM)[inside]
        outermost = np.argwhere(inside)[np.argsort(-depth, kind="stable")[round(1000 * ml) :]]
        taking = np.isin(result, [row[f"right {neighbour}"] for neighbour in neighbours])
        away, nearest = distance_transform_edt(~taking, return_indices=True)
        at = tuple(outermost.T)
        result[at] = np.where(away[at] <= NEAR_MM, result[tuple(nearest[:, *at])], 0)
    right = np.arange(len(labels)) >= len(labels) / 2
    return np.where(right[:, None, None], result, mirrored(result, names))


def completed(drawing: Drawing, names: pd.DataFrame) -> np.ndarray:
    """A symmetric drawing with what it leaves out, but for fluid outside the ventricles and the rim of the cortex."""
    labels, points = drawing.labels.copy(), drawing.points
    _, (gm, wm, csf) = averages(Grid(1.0, drawing.affine[:3, 3], np.array(labels.shape)))
    free, right = (labels == 0) & (gm + wm + csf > 0.5), points[..., 0] > 0
    row = dict(zip(names["name"], names["index"], strict=True))

    def give(where: np.ndarray, name: str) -> None:
        for side, half in (("left", ~right), ("right", right)):
            labels[free & where & half] = row[f"{side} {name}"]
        free[where] = False

    below = _cerebellum(points)
    give(below & (wm > gm) & (wm > csf), "cerebellar white matter")
    give(below & (gm > csf), "cerebellum")
    labels[free & _callosum(wm > 0.5, points)] = row["corpus callosum"]
    free &= labels == 0
    give(_ventricles(csf > 0.5, free, points), "lateral ventricle")
    lobes = names.set_index("index")["lobe"]
    white, lobe = free & (wm > gm) & (wm > csf), _nearest_lobe(drawing.labels, names)
    for name in ("frontal", "parietal", "temporal", "occipital", "deep"):
        give(white & (lobe == sorted(set(lobes)).index(name)), f"{name} white matter")
    return np.where(right, labels, mirrored(labels, names))


def _nearest_lobe(labels: np.ndarray, names: pd.DataFrame) -> np.ndarray:
    """Number (A, B, C), among the sorted lobes, of the one whose drawn regions are nearest."""
    lobes = sorted(set(names["lobe"]))
    number = np.zeros(names["index"].max() + 1, np.int16)
    number[names["index"]] = [lobes.index(lobe) for lobe in names["lobe"]]
    at = distance_transform_edt(labels == 0, return_distances=False, return_indices=True)
    return number[labels[tuple(at)]]


def _cerebellum(points: np.ndarray) -> np.ndarray:
    """Two hemispheres and the vermis, under the tent."""
    x, y, z = np.abs(points[..., 0]), points[..., 1], points[..., 2]
    hemisphere = ((x - 24) / 34) ** 2 + ((y + 64) / 31) ** 2 + ((z + 38) / 29) ** 2 < 1
    vermis = (x / 14) ** 2 + ((y + 61) / 25) ** 2 + ((z + 25) / 27) ** 2 < 1
    return hemisphere | vermis


def _callosum(white: np.ndarray, points: np.ndarray) -> np.ndarray:
    """White matter beside the callosum's cut through the midline."""
    middle = np.abs(points[..., 0]) < 1
    y, z = points[..., 1], points[..., 2]
    box = white & (y > -48) & (y < 36) & (z > -5) & (z < 40)
    pieces, _ = label((box & middle).any(0))
    cut = pieces == 1 + np.bincount(pieces.ravel())[1:].argmax()
    return box & cut[None] & (np.abs(points[..., 0]) < CALLOSUM_MM)


def _ventricles(fluid: np.ndarray, free: np.ndarray, points: np.ndarray) -> np.ndarray:
    """The fluid that a point of the lateral ventricle is connected with, on both sides."""
    inside = np.all([(points[..., k] > low) & (points[..., k] < high) for k, (low, high) in enumerate(HORNS)], axis=0)
    right = fluid & free & inside & (points[..., 0] > 1)
    pieces, _ = label(right)
    horn = pieces == pieces.flat[np.abs(points - VENTRICLE).sum(-1).argmin()]
    return horn | horn[::-1]


def main() -> None:
    """Write the label volume that the package carries."""
    names, drawing = pd.read_csv(TABLE), drawn()
    half = drawing._replace(labels=trimmed(symmetric(drawing.labels, names), names))
    image = nibabel.nifti1.Nifti1Image(completed(half, names).astype(np.uint8), drawing.affine)
    nibabel.nifti1.save(image, IMAGE)


if __name__ == "__main__":
    main()
