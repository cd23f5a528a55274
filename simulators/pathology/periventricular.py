"""Caps and bands: white matter that is bright along the walls of the lateral ventricles and around their horns."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np

from bench.contracts import Between, bounded, impossible, known
from simulators.anatomy.parcellation import VENTRICLES
from simulators.observe.observers import AroundPlace, Observer
from simulators.pathology.blob import LEAST_EDGE, ramp
from simulators.pathology.nearest import squared_distance
from simulators.space.place import Place
from simulators.space.voxels import Voxels

#: wavelength over which a band's thickness varies, distance from a horn at which its cap thins (mm)
WAVELENGTH_MM, CAP_REACH_MM = 40.0, 10.0
#: the horns of a ventricle: its foremost and hindmost ends
HORNS = 2


@bounded
@dataclass(frozen=True)
class Periventricular:
    """Caps and bands around the lateral ventricles, the finding of Fazekas et al. 1987, AJR 149:351.

    thickness_mm: median thickness of a subject's bands. cap_mm: median of what each horn's cap adds. thickness_sd: SD
    of the logarithm of both. unevenness: relative SD of the thickness along the wall. edge_mm: half the width of the
    border. landmarks: the ventricles.
    """

    version: ClassVar[str] = "1"
    family: ClassVar[str] = "white-matter lesions"
    summary: ClassVar[str] = "Bands along the walls of the lateral ventricles and caps around their horns."
    tissues: ClassVar[tuple[str, ...]] = ("wm",)
    becomes: ClassVar[str] = "lesion"
    regions_hold: ClassVar[tuple[str, ...]] = ("csf",)
    observer: ClassVar[type[Observer]] = AroundPlace
    thickness_mm: Annotated[float, Between(0.5, 20, unit="mm")] = 2.0
    cap_mm: Annotated[float, Between(0, 20, unit="mm")] = 4.0
    thickness_sd: Annotated[float, Between(0, 1)] = 0.5
    unevenness: Annotated[float, Between(0, 1)] = 0.4
    edge_mm: Annotated[float, Between(0.5, 20, unit="mm")] = 1.0
    landmarks: tuple[str, ...] = VENTRICLES

    def validate(self, region_names: tuple[str, ...]) -> None:
        """Refuse landmarks that the anatomy does not have."""
        if not self.landmarks:
            raise impossible(self, "landmarks", (), "the names of the ventricles")
        for name in self.landmarks:
            known("pathology.landmarks", "region", name, region_names)

    def draw(self, rng: np.random.Generator, place: Place) -> dict[str, Any]:
        """One subject's thickness, caps by ventricle and horn (mm), and the waves of the thickness."""
        caps = self.cap_mm * np.exp(self.thickness_sd * rng.standard_normal((len(self.landmarks), HORNS)))
        return {
            "severity": 1.0,
            "thickness_mm": float(self.thickness_mm * np.exp(self.thickness_sd * rng.standard_normal())),
            "caps_mm": caps,
            "directions": 2 * np.pi / WAVELENGTH_MM * rng.standard_normal((4, 3)),
            "phases": rng.uniform(0, 2 * np.pi, 4),
        }

    def extent(self, place: Place, latents: Mapping[str, Any]) -> np.ndarray:
        """Share (D, H, W) of the white matter that amplitude 1 takes: all within the thickness of the band there."""
        edge = max(self.edge_mm, LEAST_EDGE * place.voxel_mm)
        # four sines reach 4, and every cap adds to the band
        thickest = latents["thickness_mm"] * (1 + self.unevenness * 4 / np.sqrt(2)) + latents["caps_mm"].sum()
        most = (thickest + edge) / place.voxel_mm + 0.5
        away = squared_distance(place.within(self.landmarks), most)
        near = Voxels.where((away > 0) & (away < most**2) & (place.warped.maps[1] > 0))
        # the wall lies half a voxel from the nearest voxel's centre
        distance = place.voxel_mm * (np.sqrt(near.of(away), dtype=np.float64) - 0.5)
        return near.spread(ramp((self._thickness(near.points, place, latents) - distance) / edge))

    def _thickness(self, points: np.ndarray, place: Place, latents: Mapping[str, Any]) -> np.ndarray:
        """Thickness (n,) in mm of the band or cap that points (3, n) would lie in."""
        ventricles = [np.argwhere(place.within((name,))) for name in self.landmarks]
        middle = np.concatenate(ventricles).mean(0)
        offset = place.voxel_mm * (points.T - middle)
        waves = np.sin(offset @ latents["directions"].T + latents["phases"]).sum(1) / np.sqrt(2)
        thickness = latents["thickness_mm"] * np.maximum(1 + self.unevenness * waves, 0)
        for voxels, caps in zip(ventricles, latents["caps_mm"], strict=True):
            for cap, horn in zip(caps, _horns(voxels), strict=True):
                squared = place.voxel_mm**2 * ((points.T - horn) ** 2).sum(1)
                thickness += cap * np.exp(-squared / (2 * CAP_REACH_MM**2))
        return np.asarray(thickness)


def _horns(voxels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The foremost and the hindmost ends (3,) of a ventricle's voxels (n, 3); the second axis points forwards."""
    if not len(voxels):
        return np.full(3, np.inf), np.full(3, np.inf)
    ends = (voxels[:, 1].max(), voxels[:, 1].min())
    first, last = (voxels[voxels[:, 1] == end].mean(0) for end in ends)
    return first, last
