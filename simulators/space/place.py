"""Where pathologies act."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from simulators.anatomy.mni152 import Warped
from simulators.space.voxels import Voxels


@dataclass(frozen=True, eq=False)
class Place:
    """A subject's healthy anatomy, the names of its regions in label order, and its voxel size in mm."""

    warped: Warped
    names: tuple[str, ...]
    voxel_mm: float

    def within(self, regions: tuple[str, ...]) -> np.ndarray:
        """Voxels (D, H, W) bool of the named regions."""
        chosen = np.zeros(len(self.names) + 1, bool)
        chosen[[self.names.index(region) + 1 for region in regions]] = True
        return chosen.take(self.warped.labels)

    @cached_property
    def head(self) -> Voxels:
        """Voxels that hold any brain; no other holds tissue."""
        return Voxels.where(self.warped.maps[2] > 0)
