"""Where pathologies act."""

from typing import NamedTuple

import numpy as np

from simulators.anatomy.mni152 import Warped


class Place(NamedTuple):
    """A subject's healthy anatomy, the names of its regions in label order, and its voxel size in mm."""

    warped: Warped
    names: tuple[str, ...]
    voxel_mm: float

    def within(self, regions: tuple[str, ...]) -> np.ndarray:
        """Voxels (D, H, W) bool of the named regions."""
        return np.isin(self.warped.labels, [self.names.index(region) + 1 for region in regions])
