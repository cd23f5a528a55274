"""A marker: a bright spot at a fixed place that is no disease, for tasks with a shortcut."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np

from bench.contracts import Between, bounded, known
from simulators.anatomy.protocol import Warped
from simulators.observe.observers import FixedPlace, Observer
from simulators.space.place import Place


@bounded
@dataclass(frozen=True)
class Marker:
    """Bright marker.

    radius_mm: its size. level: brightness at amplitude 1, on the image's scale.
    """

    version: ClassVar[str] = "1"
    family: ClassVar[str] = "markers"
    summary: ClassVar[str] = "A bright spot in the middle of a named region."
    tissues: ClassVar[tuple[str, ...]] = ()
    becomes: ClassVar[str] = ""
    observer: ClassVar[type[Observer]] = FixedPlace
    region: str
    radius_mm: Annotated[float, Between(2, 60, unit="mm")] = 8.0
    level: Annotated[float, Between(0.01, 2)] = 1.0

    @property
    def regions(self) -> tuple[str, ...]:
        """The region the marker lies in."""
        return (self.region,)

    def validate(self, region_names: tuple[str, ...]) -> None:
        """Refuse a region that the anatomy does not have."""
        known("pathology.region", "region", self.region, region_names)

    def draw(self, rng: np.random.Generator, place: Place) -> dict[str, Any]:
        """Every marker is the same."""
        return {"severity": 1.0}

    def extent(self, place: Place, latents: Mapping[str, Any]) -> np.ndarray:
        """Share (D, H, W) of the spot: a ball around the region's centre."""
        axes = np.indices(place.warped.labels.shape)
        centre = axes[:, place.within(self.regions)].mean(1)
        distance = place.voxel_mm * np.linalg.norm(np.moveaxis(axes, 0, -1) - centre, axis=-1)
        return (distance <= self.radius_mm).astype(np.float32)

    def change(self, share: np.ndarray, signal: np.ndarray, warped: Warped, latents: Mapping[str, Any]) -> np.ndarray:
        """Change (D, H, W) of the signal."""
        return self.level * share
