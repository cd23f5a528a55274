"""Texture: grain is added to the signal of named regions, whose means stay exactly what they were."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from scipy.ndimage import gaussian_filter

from bench.contracts import Between, bounded
from bench.contracts.validity import Validity
from simulators.anatomy.protocol import Warped
from simulators.observe.observers import LocalEnergy, Observer
from simulators.pathology.regional import RegionalPathology
from simulators.space.place import Place
from simulators.space.voxels import Voxels


@bounded
@dataclass(frozen=True)
class Texture(RegionalPathology):
    """Regional change of texture.

    grain_mm: width of a grain. depth: SD of the signal change at amplitude 1 and severity 1, on the image's scale.
    """

    version: ClassVar[str] = "2"
    family: ClassVar[str] = "texture"
    summary: ClassVar[str] = "Coarser grain in named regions at equal mean."
    tissues: ClassVar[tuple[str, ...]] = ()
    becomes: ClassVar[str] = ""
    regions_hold: ClassVar[tuple[str, ...]] = ("gm", "wm")
    observer: ClassVar[type[Observer]] = LocalEnergy
    validity: ClassVar[Validity] = Validity(regional={"association": "no voxel's mean differs, only how voxels vary"})
    grain_mm: Annotated[float, Between(1, 30, unit="mm")] = 4.0
    depth: Annotated[float, Between(0.01, 2)] = 0.5

    def draw(self, rng: np.random.Generator, place: Place) -> dict[str, Any]:
        """One subject's severity and its grain (D, H, W), of unit variance."""
        latents = super().draw(rng, place)
        white = rng.standard_normal(place.warped.labels.shape, np.float32)
        grain = gaussian_filter(white, self.grain_mm / place.voxel_mm / 2.355, mode="wrap", truncate=3.0)
        return {**latents, "grain": grain / grain.std()}

    def resampled(self, latents: Mapping[str, Any], resample: Callable[[np.ndarray], np.ndarray]) -> dict[str, Any]:
        """The grain stays in its tissue when the head moves."""
        return {**latents, "grain": resample(latents["grain"][None])[0]}

    def change(self, share: np.ndarray, signal: np.ndarray, warped: Warped, latents: Mapping[str, Any]) -> np.ndarray:
        """Change (D, H, W) of the signal; over the brain voxels of every region it sums to zero."""
        where = Voxels.where((warped.maps[2] > 0.5) & (share > 0))
        share, grain, labels = where.of(share), where.of(latents["grain"]), where.of(warped.labels)
        weight, sums = (np.bincount(labels, weights=w) for w in (share, share * grain))
        means = sums / np.maximum(weight, 1e-12)
        return where.spread(self.depth * share * (grain - means.astype(np.float32).take(labels)))
