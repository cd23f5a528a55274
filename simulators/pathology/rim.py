"""A bright rim along the brain's contour that is no disease, for tasks with a shortcut."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from scipy.ndimage import binary_erosion

from bench.contracts import Between, bounded
from simulators.anatomy.protocol import Warped
from simulators.observe.observers import Observer, WholeBrain
from simulators.space.place import Place


@bounded
@dataclass(frozen=True)
class Rim:
    """Bright rim of the brain.

    level: brightness at amplitude 1, on the image's scale.
    """

    version: ClassVar[str] = "1"
    family: ClassVar[str] = "markers"
    summary: ClassVar[str] = (
        "A brighter outermost layer of the brain, one voxel thick, as a skull stripped too generously leaves."
    )
    tissues: ClassVar[tuple[str, ...]] = ()
    becomes: ClassVar[str] = ""
    observer: ClassVar[type[Observer]] = WholeBrain
    level: Annotated[float, Between(0.01, 2)] = 1.0

    def validate(self, region_names: tuple[str, ...]) -> None:
        """No region is named, so every anatomy will do."""

    def draw(self, rng: np.random.Generator, place: Place) -> dict[str, Any]:
        """Every rim is the same."""
        return {"severity": 1.0}

    def extent(self, place: Place, latents: Mapping[str, Any]) -> np.ndarray:
        """Share (D, H, W) of the rim: 1 in brain voxels with a neighbour outside, else 0."""
        inside = place.warped.maps[2] > 0.5
        return (inside & ~binary_erosion(inside)).astype(np.float32)

    def change(self, share: np.ndarray, signal: np.ndarray, warped: Warped, latents: Mapping[str, Any]) -> np.ndarray:
        """Change (D, H, W) of the signal."""
        return self.level * share
