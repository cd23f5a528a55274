"""Anatomies that change something of another one: a part of its grid, or its regions."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from simulators.anatomy.protocol import Anatomy, Template, Warped


@dataclass(frozen=True)
class AnatomyWrapper(ABC):
    """Another anatomy with a template, regions and resampling of its own. anatomy: the one inside."""

    anatomy: Anatomy

    @property
    @abstractmethod
    def template(self) -> Template:
        """The head that subjects are deformed from."""

    @property
    @abstractmethod
    def region_names(self) -> tuple[str, ...]:
        """Names in label order: label r is `region_names[r - 1]`."""

    @abstractmethod
    def resample(self, position: np.ndarray, latents: Mapping[str, Any]) -> Warped:
        """The anatomy found at template positions (D, H, W, 3) in mm."""

    @property
    def resolution_mm(self) -> float:
        """Voxel size."""
        return self.anatomy.resolution_mm

    @property
    def grid(self) -> tuple[int, int, int]:
        """Voxels along x (left to right), y (back to front), z (bottom to top)."""
        return self.template.labels.shape  # type: ignore[return-value]

    def draw(self, rng: np.random.Generator) -> dict[str, Any]:
        """One subject's latents by name."""
        return self.anatomy.draw(rng)

    def position(self, latents: Mapping[str, Any]) -> np.ndarray:
        """Template position (D, H, W, 3) float32 in mm of every voxel of a subject."""
        return self.anatomy.position(latents)

    def warp(self, latents: Mapping[str, Any]) -> Warped:
        """A subject's anatomy: `resample` at its `position`."""
        return self.resample(self.position(latents), latents)
