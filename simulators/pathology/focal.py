"""Focal lesions: damaged tissue with an intensity of its own, at a place drawn from a prior."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from simulators.anatomy.mni152 import Warped
from simulators.checks import between
from simulators.observers import Observer, RandomPlace
from simulators.pathology.blob import blob


@dataclass(frozen=True)
class Focal:
    """One lesion a patient, centred anywhere in white matter, of irregular outline.

    radius_mm: mean radius. radius_spread: its relative uniform range. edge_mm: width of the border over which the
    loss fades. irregularity: relative size of the outline's waves.
    """

    version: ClassVar[str] = "1"
    tissues: ClassVar[tuple[str, ...]] = ("gm", "wm")
    becomes: ClassVar[str] = "lesion"
    observer: ClassVar[type[Observer]] = RandomPlace
    radius_mm: float = 18.0
    radius_spread: float = 0.25
    edge_mm: float = 4.0
    irregularity: float = 0.15

    def __post_init__(self) -> None:
        between("pathology.radius_mm", self.radius_mm, 2, 60, "mm")
        between("pathology.radius_spread", self.radius_spread, 0, 0.9)
        between("pathology.edge_mm", self.edge_mm, 0.5, 20, "mm")
        between("pathology.irregularity", self.irregularity, 0, 0.5)

    def validate(self, region_names: tuple[str, ...]) -> None:
        """A lesion may lie anywhere, so every anatomy will do."""

    def draw(self, rng: np.random.Generator, warped: Warped, voxel_mm: float) -> dict[str, Any]:
        """One lesion: centre (voxels), radius (mm) and outline; severity 1."""
        candidates = np.argwhere(prior(warped.maps))
        centre = candidates[rng.integers(len(candidates))] + rng.uniform(-0.5, 0.5, 3)
        radius = self.radius_mm * (1 + self.radius_spread * rng.uniform(-1, 1))
        waves = rng.standard_normal((4, 3)), rng.uniform(0, 2 * np.pi, 4)
        return {"severity": 1.0, "centre": centre, "radius_mm": float(radius), "waves": waves}

    def extent(self, warped: Warped, latents: dict[str, Any], names: tuple[str, ...], voxel_mm: float) -> np.ndarray:
        """Share (D, H, W) of the tissue that amplitude 1 takes: 1 inside, fading over `edge_mm`."""
        return blob(
            warped.labels.shape,
            latents["centre"],
            latents["radius_mm"],
            latents["waves"],
            self.irregularity,
            self.edge_mm,
            voxel_mm,
        )

    def places(self, warped: Warped, names: tuple[str, ...], voxel_mm: float) -> np.ndarray:
        """Prior (D, H, W) of the centre, up to a factor."""
        return prior(warped.maps)


def prior(maps: np.ndarray) -> np.ndarray:
    """Voxels (D, H, W) bool where a lesion may be centred: mostly white matter, away from the surface."""
    return (maps[1] > 0.4) & (maps[2] > 0.95)
