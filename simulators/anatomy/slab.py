"""A part of an anatomy, so that small structures can be had at a fine grid for little."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, ClassVar

import numpy as np

from bench.contracts import Between, bounded, impossible
from simulators.anatomy.anatomy_wrapper import AnatomyWrapper
from simulators.anatomy.grid import STRIDE
from simulators.anatomy.protocol import Template, Warped
from simulators.anatomy.regions import numbering

Point = Annotated[tuple[float, float, float], Between()]


@bounded
@dataclass(frozen=True)
class Slab(AnatomyWrapper):
    """The part of another anatomy that covers a box, with the regions that lie in it.

    Subjects are those of the whole anatomy: the same latents give the same head, of which the slab shows a part.
    low, high: corners of the box (MNI mm); axes are widened to multiples of 8 voxels.
    """

    version: ClassVar[str] = "1"
    low: Point
    high: Point

    def __post_init__(self) -> None:
        if not all(a < b for a, b in zip(self.low, self.high, strict=True)):
            raise impossible(self, "low", self.low, f"less than high={list(self.high)} on each of three axes")
        self._require_regions()

    def _require_regions(self) -> None:
        """Refuse a box beside the regions: the nearest part of the grid would be shown in its place."""
        points = self.anatomy.template.points[self.anatomy.template.labels > 0]
        if not ((points >= self.low) & (points <= self.high)).all(1).any():
            least, most = ([round(float(end)) for end in ends] for ends in (points.min(0), points.max(0)))
            box = f"corners of a box with regions in it, which lie from {least} to {most} mm"
            raise impossible(self, "low, high", (self.low, self.high), box)

    @property
    def template(self) -> Template:
        """The part of the inner template that the slab covers."""
        return self._cut[0]

    @property
    def region_names(self) -> tuple[str, ...]:
        """The regions of the inner anatomy that occur in the slab's template."""
        return self._cut[1]

    def position(self, latents: Mapping[str, Any]) -> np.ndarray:
        """Template position (D, H, W, 3) float32 in mm of the slab's voxels of a subject."""
        return np.ascontiguousarray(self.anatomy.position(latents)[self.window])

    def resample(self, position: np.ndarray, latents: Mapping[str, Any]) -> Warped:
        """The inner anatomy at positions (D, H, W, 3) in mm, its regions numbered as the slab's."""
        maps, labels = self.anatomy.resample(position, latents)
        return Warped(maps, self._cut[2][labels])

    @cached_property
    def window(self) -> tuple[slice, ...]:
        """The slab's voxels in the inner grid."""
        origin, voxel = self.anatomy.template.affine[:3, 3], self.resolution_mm
        slices = []
        for low, high, start, whole in zip(self.low, self.high, origin, self.anatomy.grid, strict=True):
            count = min(int(np.ceil((high - low) / voxel / STRIDE)) * STRIDE, whole)
            first = round(((low + high) / 2 - start) / voxel - (count - 1) / 2)
            slices.append(slice(max(0, min(first, whole - count)), max(0, min(first, whole - count)) + count))
        return tuple(slices)

    @cached_property
    def _cut(self) -> tuple[Template, tuple[str, ...], np.ndarray]:
        """The slab's template, its region names, and its label for each of the inner anatomy's."""
        whole, window = self.anatomy.template, self.window
        number, names = numbering(whole.labels[window], self.anatomy.region_names)
        affine = whole.affine.copy()
        affine[:3, 3] = whole.points[window][0, 0, 0]
        maps = np.ascontiguousarray(whole.maps[:, *window])
        return Template(maps, number[whole.labels[window]], whole.points[window], affine), names, number
