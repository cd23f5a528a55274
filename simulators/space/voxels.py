"""Some voxels of a grid: most of an image is empty, so what is worked out voxel by voxel is worked out for the rest."""

from functools import lru_cache
from math import prod
from typing import NamedTuple

import numpy as np


class Voxels(NamedTuple):
    """Voxels of a grid (D, H, W) by their flat numbers (n,), in the grid's order."""

    grid: tuple[int, ...]
    at: np.ndarray

    @classmethod
    def where(cls, mask: np.ndarray) -> "Voxels":
        """Those of a mask (D, H, W)."""
        return cls(mask.shape, np.flatnonzero(mask))

    @property
    def points(self) -> np.ndarray:
        """Their places (3, n) in voxels."""
        return _points(self.grid).take(self.at, axis=1)

    def point(self, number: int) -> np.ndarray:
        """The place (3,) of one of them."""
        return np.array(np.unravel_index(self.at[number], self.grid))

    def of(self, volumes: np.ndarray) -> np.ndarray:
        """Their values (..., n) in volumes (..., D, H, W)."""
        return volumes.reshape(*volumes.shape[:-3], -1).take(self.at, axis=-1)

    def spread(self, values: np.ndarray) -> np.ndarray:
        """Volumes (..., D, H, W) of their values (..., n), 0 elsewhere."""
        volumes = np.zeros((*values.shape[:-1], prod(self.grid)), values.dtype)
        for volume, row in zip(volumes.reshape(-1, prod(self.grid)), values.reshape(-1, len(self.at)), strict=True):
            volume[self.at] = row
        return volumes.reshape(*values.shape[:-1], *self.grid)


@lru_cache(maxsize=4)
def _points(grid: tuple[int, ...]) -> np.ndarray:
    return np.indices(grid, np.int16).reshape(3, -1)
