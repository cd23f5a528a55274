"""Anatomies: a template, and subjects as smooth deformations of it."""

from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple, Protocol

import numpy as np

#: values a voxel, along each axis, of the maps that subjects are read from. Linear interpolation between values a voxel
#: apart loses up to two thirds of the power of the finest structure; half a voxel apart, a quarter
PARTED = 2


class Template(NamedTuple):
    """An average head, or a stand-in for one, on a grid.

    maps: (4, D, H, W) float32: GM, WM and brain shares, and the T1 detail that tissues do not explain.
    labels: (D, H, W) int16. points: (D, H, W, 3) voxel centres in MNI mm. affine: (4, 4).
    fine: the same maps with `PARTED` values a voxel along each axis, from the first voxel's centre to the last one's,
    each the mean over a whole voxel: subjects are read from them. None where there are only `maps`.
    """

    maps: np.ndarray
    labels: np.ndarray
    points: np.ndarray
    affine: np.ndarray
    fine: np.ndarray | None = None


class Warped(NamedTuple):
    """A subject's healthy anatomy: maps (4, D, H, W) float32 and labels (D, H, W) int16, after one interpolation."""

    maps: np.ndarray
    labels: np.ndarray

    @property
    def brain(self) -> np.ndarray:
        """Voxels (D, H, W) bool that are mostly brain, with its fluid; not all of them lie in a region."""
        return self.maps[2] > 0.5


class Anatomy(Protocol):
    """Places of tissue and of regions. Everything is a pure function of its arguments and of the fields."""

    version: ClassVar[str]

    @property
    def resolution_mm(self) -> float:
        """Voxel size."""

    @property
    def template(self) -> Template:
        """The head that subjects are deformed from."""

    @property
    def grid(self) -> tuple[int, int, int]:
        """Voxels along x (left to right), y (back to front), z (bottom to top)."""

    @property
    def region_names(self) -> tuple[str, ...]:
        """Names in label order: label r is `region_names[r - 1]`."""

    def draw(self, rng: np.random.Generator) -> dict[str, Any]:
        """One subject's latents by name."""

    def position(self, latents: Mapping[str, Any]) -> np.ndarray:
        """Template position (D, H, W, 3) float32 in mm of every voxel of a subject."""

    def resample(self, position: np.ndarray, latents: Mapping[str, Any]) -> Warped:
        """The anatomy found at template positions (D, H, W, 3): maps by one linear interpolation, labels by nearest.

        latents: those of `position`; an anatomy with several sources reads from them which is this subject's.
        """

    def warp(self, latents: Mapping[str, Any]) -> Warped:
        """A subject's anatomy: `resample` at its `position`."""
