"""Reference observers of pathologies that move anatomy: volumes, and the shells where they show."""

from collections.abc import Mapping
from itertools import pairwise
from typing import ClassVar

import numpy as np
from scipy.ndimage import binary_dilation

from simulators.anatomy.protocol import Warped
from simulators.contrast import Contrast
from simulators.observe.lesions import unexplained
from simulators.observe.observers import FixedPlace, Known


class VolumeAndShell(FixedPlace):
    """For regions that shrink: how much fluid an image shows in them and in the shells around them.

    Fluid is read off the intensities on the line from grey matter to fluid.
    """

    #: voxels of the shells' outer surfaces from the regions
    SHELLS: ClassVar[tuple[int, ...]] = (1, 2)

    def __init__(
        self,
        regions: tuple[str, ...],
        names: tuple[str, ...],
        contrast: Contrast,
        seen: frozenset[str] = frozenset(),
        by_side: bool = False,
    ) -> None:
        super().__init__(regions, names, seen)
        # what moves between two regions shows around each of them, not around both
        alone = () if by_side else regions
        self.places = [*([names.index(region) + 1] for region in alone), *self.groups]
        self.contrast = contrast

    @classmethod
    def of(cls, known: Known) -> "VolumeAndShell":
        """The observer of the pathology's own regions."""
        return cls(known.pathology.regions, known.names, known.contrast, known.seen, known.by_side)

    def features(self, image: np.ndarray, warped: Warped, shape: Mapping[str, np.ndarray]) -> np.ndarray:
        """(F,): of each region, of each side and of the shells around: fluid (voxels), and what darkens and brightens
        beyond what the anatomy explains; then what `FixedPlace` sees.
        """
        gm, csf = self.contrast.gm, self.contrast.csf
        fluid = np.where(warped.brain, np.clip((gm - image) / (gm - csf), 0, 1), 0)
        left = unexplained(image, warped)
        parts = [part for place in self.places for part in _shells(np.isin(warped.labels, place), self.SHELLS)]
        readings = (fluid, np.minimum(left, 0), np.maximum(left, 0))
        values = [float(reading[part].sum()) for reading in readings for part in parts]
        return np.array([*values, *super().features(image, warped, shape)], np.float64)


class Ventricular(VolumeAndShell):
    """For ventricles that grow: their fluid and that of the shells into which they grow."""

    SHELLS: ClassVar[tuple[int, ...]] = (1, 2, 3)


def _shells(inside: np.ndarray, reaches: tuple[int, ...]) -> list[np.ndarray]:
    """The voxels themselves (D, H, W) bool, then one shell after the other."""
    grown = [inside, *(binary_dilation(inside, iterations=reach) for reach in reaches)]
    return [inside, *(outer & ~inner for inner, outer in pairwise(grown))]
