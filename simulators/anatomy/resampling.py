"""Drawn regions on a grid of larger voxels: each voxel is the region that most of its parts lie in."""

from itertools import product

import numpy as np
from scipy.ndimage import distance_transform_edt, find_objects

from simulators.anatomy.grid import Grid
from simulators.anatomy.label_table import TISSUES
from simulators.anatomy.parcellation import Parcellation

#: voxels below which a region is none on a grid: too few to tell anything about it
FEWEST = 4
#: parts along an axis that a voxel is looked at in, at most
FINEST = 8


def majority(grid: Grid, drawn: Parcellation, shares: np.ndarray, reach_mm: float = 0.0) -> np.ndarray:
    """Labels (D, H, W) int16 of a brain's voxels, those of `drawn`; 0 outside the brain and where nothing is drawn.

    A voxel is looked at in parts of a drawn voxel's size. Regions of its dominant tissue compete for it, nuclei, which
    are of any, and whichever region fills more than half of it; the one that most parts lie in wins, if all of them
    together are half as large as that tissue.

    shares: (3, D, H, W) of grey matter, white matter and fluid. reach_mm: within this distance, voxels of grey and
    white matter that stay without a region go to the nearest one of their tissue and side. Regions that get fewer than
    4 voxels are none on this grid, and others compete for theirs.
    """
    parts = int(np.clip(round(grid.resolution / drawn.voxel_mm), 1, FINEST))
    fine, kept = drawn.at(_parts(grid, parts)), np.ones(len(drawn.names) + 1, bool)
    while True:
        labels = _spread(grid, drawn, shares, _vote(np.where(kept[fine], fine, 0), drawn, shares, parts), reach_mm)
        counts = np.bincount(labels.ravel(), minlength=len(kept))
        few = (counts > 0) & (counts < FEWEST)
        if not few[1:].any():
            return labels
        kept &= ~few


def _parts(grid: Grid, parts: int) -> Grid:
    """The grid of the parts of all voxels."""
    step = grid.resolution / parts
    return Grid(step, grid.origin - (grid.resolution - step) / 2, grid.voxels * parts)


def _vote(fine: np.ndarray, drawn: Parcellation, shares: np.ndarray, parts: int) -> np.ndarray:
    """Labels (D, H, W) by the parts that lie in a region of the voxel's dominant tissue."""
    dominant, most = shares.argmax(0), shares.max(0)
    best, filled = np.zeros(dominant.shape, np.int32), np.zeros(dominant.shape, np.int32)
    labels = np.zeros(dominant.shape, np.int16)
    for value, box in enumerate(find_objects(fine), start=1):
        if box is None:
            continue
        coarse = tuple(slice(s.start // parts, -(-s.stop // parts)) for s in box)
        whole = tuple(slice(s.start * parts, s.stop * parts) for s in coarse)
        sizes = [n for s in coarse for n in (s.stop - s.start, parts)]
        votes = (fine[whole] == value).reshape(sizes).sum(axis=(1, 3, 5), dtype=np.int32)
        counted = _of(drawn.tissues[value - 1], dominant[coarse]) | (2 * votes > parts**3)
        votes = np.where(counted, votes, 0)
        filled[coarse] += votes
        more = votes > best[coarse]
        labels[coarse][more], best[coarse][more] = value, votes[more]
    enough = 2 * filled >= most * parts**3
    return np.where(enough & (shares.sum(0) > 0.5), labels, 0).astype(np.int16)


def _of(tissue: str, dominant: np.ndarray) -> np.ndarray:
    """Where voxels of these dominant tissues may be of a region of this one."""
    return dominant == TISSUES.index(tissue) if tissue in TISSUES else np.full(dominant.shape, True)


def _spread(grid: Grid, drawn: Parcellation, shares: np.ndarray, labels: np.ndarray, reach_mm: float) -> np.ndarray:
    """Labels with free voxels of grey and white matter given to the nearest region of their tissue."""
    filled, left = labels.copy(), grid.points[..., 0] < 0
    dominant, free = shares.argmax(0), (labels == 0) & (shares.sum(0) > 0.5)
    for tissue, half in product(TISSUES[:2], (left, ~left)):
        of = np.array([False, *(other == tissue for other in drawn.tissues)])[labels] & half
        if of.any():
            distance, nearest = distance_transform_edt(~of, sampling=grid.resolution, return_indices=True)
            near = free & half & (dominant == TISSUES.index(tissue)) & (distance <= reach_mm)
            filled[near] = labels[tuple(axis[near] for axis in nearest)]
    return filled
