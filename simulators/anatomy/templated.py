"""Anatomies with one template: its grid, and subjects as deformations by `Shape`."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar

import numpy as np
import torch
from torch.nn.functional import grid_sample

from bench.contracts import Between
from bench.contracts.simulator import Heads
from simulators.anatomy.parcellation import Parcellation, parcellation
from simulators.anatomy.protocol import Template, Warped
from simulators.anatomy.shape import Shape


@dataclass(frozen=True)
class Templated(ABC):
    """Subjects are smooth, invertible deformations of one template.

    resolution_mm: voxel size. shape: how subjects differ in shape.
    """

    heads: ClassVar[Heads] = "template"
    resolution_mm: Annotated[float, Between(2, 8, unit="mm")] = 7.0
    shape: Shape = field(default_factory=Shape)

    @property
    @abstractmethod
    def named(self) -> tuple[Template, tuple[str, ...]]:
        """The head that subjects are deformed from, and the names of its regions in label order."""

    @property
    def drawing(self) -> Parcellation:
        """The drawing that its regions are taken from."""
        return parcellation()

    @property
    def template(self) -> Template:
        """The head that subjects are deformed from."""
        return self.named[0]

    @property
    def grid(self) -> tuple[int, int, int]:
        """Voxels along x (left to right), y (back to front), z (bottom to top)."""
        return self.template.labels.shape  # type: ignore[return-value]

    @property
    def region_names(self) -> tuple[str, ...]:
        """Names in label order: label r is `region_names[r - 1]`."""
        return self.named[1]

    def draw(self, rng: np.random.Generator) -> dict[str, Any]:
        """One subject's shape latents by name."""
        return self.shape.draw(rng, np.asarray(self.grid) * self.resolution_mm)

    def position(self, latents: Mapping[str, Any]) -> np.ndarray:
        """Template position (D, H, W, 3) float32 in mm of every voxel of a subject."""
        return self.shape.displace(self.template.points, latents)

    def resample(self, position: np.ndarray, latents: Mapping[str, Any]) -> Warped:
        """The template found at positions (D, H, W, 3) in mm."""
        return at_positions(self.template, position)

    def warp(self, latents: Mapping[str, Any]) -> Warped:
        """A subject's anatomy: the template's maps by one linear interpolation, its labels by nearest neighbour."""
        return self.resample(self.position(latents), latents)


def at_positions(template: Template, position: np.ndarray) -> Warped:
    """A template found at positions (D, H, W, 3) in mm: maps by linear interpolation, labels by nearest neighbour."""
    where = _unit(template, position)
    source = template.maps if template.fine is None else template.fine
    maps = grid_sample(torch.from_numpy(source)[None], where, align_corners=True)[0]
    return Warped(maps.numpy(), _nearest(template, where))


def nearest_voxels(template: Template, position: np.ndarray) -> np.ndarray:
    """The template's labels (D, H, W) int16 nearest to positions (D, H, W, 3) in mm; 0 outside its grid."""
    return _nearest(template, _unit(template, position))


def _nearest(template: Template, where: torch.Tensor) -> np.ndarray:
    labels = torch.from_numpy(template.labels.astype(np.float32))[None, None]
    values = grid_sample(labels, where, mode="nearest", align_corners=True)[0, 0]
    return values.numpy().astype(np.int16)


def _unit(template: Template, position: np.ndarray) -> torch.Tensor:
    """Positions in mm as `grid_sample` wants them: (1, D, H, W, 3) in [-1, 1], last axis first."""
    unit = position - template.affine[:3, 3].astype(np.float32)
    unit /= np.float32(template.affine[0, 0])
    unit *= 2
    unit /= np.asarray(template.labels.shape, np.float32) - 1
    unit -= 1
    return torch.from_numpy(np.ascontiguousarray(unit[..., ::-1]))[None]
