"""The grid that anatomies share: a box in MNI millimetres at one resolution."""

from typing import NamedTuple

import numpy as np

#: the box the grid must cover (MNI mm): the whole template brain with a margin for large heads
BOX = np.array([[-76.0, 76.0], [-108.0, 78.0], [-70.0, 86.0]])
#: every grid axis is a multiple of this, so that three halvings fit
STRIDE = 8


class Grid(NamedTuple):
    """Cubic voxels in MNI space.

    resolution: their edge (mm). origin: centre (3,) of voxel (0, 0, 0) in MNI mm. voxels: how many an axis, (3,).
    """

    resolution: float
    origin: np.ndarray
    voxels: np.ndarray

    @classmethod
    def covering(cls, resolution: float, box: np.ndarray = BOX, stride: int = STRIDE) -> "Grid":
        """The smallest grid around a box ((3, 2) mm) whose axes are multiples of `stride`."""
        voxels = (np.ceil((box[:, 1] - box[:, 0]) / resolution / stride) * stride).astype(int)
        return cls(resolution, box.mean(1) - resolution * (voxels - 1) / 2, voxels)

    @property
    def affine(self) -> np.ndarray:
        """Voxel to MNI mm (4, 4)."""
        affine = np.diag([self.resolution] * 3 + [1.0])
        affine[:3, 3] = self.origin
        return affine

    @property
    def points(self) -> np.ndarray:
        """Voxel centres (D, H, W, 3) float32 in MNI mm."""
        axes = [self.origin[a] + self.resolution * np.arange(self.voxels[a]) for a in range(3)]
        return np.stack(np.meshgrid(*axes, indexing="ij"), -1).astype(np.float32)

    def average(self, volume: np.ndarray, origin: np.ndarray, size: float, parted: int = 1) -> np.ndarray:
        """A finer volume of cubic voxels of `size` mm, averaged over this grid's voxels by overlap.

        parted: values a voxel along each axis, from the first voxel's centre to the last one's; each is the mean over a
        whole voxel around it. Read linearly between them, a map keeps fine structure that one value a voxel loses.
        """
        for axis in range(3):
            weights = self._overlap(axis, origin[axis], size, volume.shape[axis], parted)
            volume = np.moveaxis(np.tensordot(weights, volume, axes=(1, axis)), 0, axis)
        return volume

    def _overlap(self, axis: int, start: float, size: float, count: int, parted: int) -> np.ndarray:
        """Weights (values, count): the share of each value's voxel that each source voxel covers."""
        steps = self.resolution / parted * np.arange(parted * (self.voxels[axis] - 1) + 1)[:, None]
        low = self.origin[axis] - self.resolution / 2 + steps
        source = start - size / 2 + size * np.arange(count)
        shared = np.minimum(low + self.resolution, source + size) - np.maximum(low, source)
        return (np.clip(shared, 0, None) / self.resolution).astype(np.float32)
