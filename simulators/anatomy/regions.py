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
    number, found = numbering(labels, drawn.names)
    if names is not None:
        number = np.array([0, *(names.index(name) + 1 if name in names else 0 for name in drawn.names)], np.int16)
    template = Template(maps, number[labels], grid.points, grid.affine, fine if parted > 1 else None)
    return template, found if names is None else names


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
