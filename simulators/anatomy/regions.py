"""Regions of an anatomy in MNI space: those drawn on the average brain, as its own tissues and grid show them."""

import numpy as np

from simulators.anatomy.grid import Grid
from simulators.anatomy.parcellation import parcellation
from simulators.anatomy.protocol import Template
from simulators.anatomy.resampling import FEWEST, majority


def named(
    grid: Grid, maps: np.ndarray, reach_mm: float = 0.0, names: tuple[str, ...] | None = None, parted: int = 1
) -> tuple[Template, tuple[str, ...]]:
    """A template with the regions that the grid can show, and their names in label order.

    maps: (4, D, H, W) as a template's. reach_mm: how far from where a region was drawn tissue is still of it; 0 on the
    brain that the regions were drawn on. names: those to number by, where other templates have the same grid. parted:
    values a voxel of the maps along each axis, as in `Grid.average`.
    """
    drawn, fine = parcellation(), maps
    maps = np.ascontiguousarray(fine[:, ::parted, ::parted, ::parted])
    labels = majority(grid, drawn, tissue_shares(maps), reach_mm)
    number, regions = numbering(labels, drawn.names)
    if names is not None:
        number = np.array([0, *(names.index(name) + 1 if name in names else 0 for name in drawn.names)], np.int16)
    template = Template(maps, number[labels], grid.points, grid.affine, sharpened(fine) if parted > 1 else None)
    return template, regions if names is None else names


def sharpened(maps: np.ndarray) -> np.ndarray:
    """Maps (4, D, H, W) from which linear interpolation reads fine structure at the power that it has.

    Between two values, at a place that may be anywhere, linear interpolation leaves (2 + cos w) / 3 of the power at w
    radians a step: 1 - w^2 / 6 where w is small. The kernel (-1, 14, -1) / 12 along each axis makes it 1 + w^2 / 6.
    """
    sharp = maps
    for axis in (1, 2, 3):
        padded = np.pad(sharp, [(int(a == axis),) * 2 for a in range(4)], mode="edge")
        before, after = (padded.take(range(k, k + sharp.shape[axis]), axis) for k in (0, 2))
        sharp = (14 * sharp - before - after) / 12
    gm, wm, brain, detail = sharp
    gm, wm, brain = (np.clip(share, 0, 1) for share in (gm, wm, brain))
    fit = np.minimum(1, brain / np.maximum(gm + wm, 1e-6))
    return np.stack([gm * fit, wm * fit, brain, detail]).astype(np.float32)


def tissue_shares(maps: np.ndarray) -> np.ndarray:
    """Shares (3, D, H, W) of grey matter, white matter and fluid in a template's maps."""
    return np.stack([maps[0], maps[1], maps[2] - maps[0] - maps[1]])


def numbering(labels: np.ndarray, names: tuple[str, ...]) -> tuple[np.ndarray, tuple[str, ...]]:
    """For each label, 0 included, its number among the regions with enough voxels, or 0; and the names of these."""
    counts = np.bincount(labels.ravel(), minlength=len(names) + 1)
    counts[0] = 0
    kept = counts >= FEWEST
    number = np.where(kept, np.cumsum(kept), 0).astype(np.int16)
    return number, tuple(name for name, keep in zip(names, kept[1:], strict=True) if keep)
