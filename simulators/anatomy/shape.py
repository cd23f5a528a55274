"""Shape of brains: named latent factors and a smooth random field, as one displacement per voxel."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated

import numpy as np
from scipy.interpolate import BSpline

from bench.contracts import Between, bounded, impossible

#: centres of the lateral ventricles, left then right (MNI mm)
VENTRICLES = ((-13.0, -8.0, 18.0), (13.0, -8.0, 18.0))


@lru_cache
def _spline_basis(count: int, knots: int) -> np.ndarray:
    """Cubic B-spline basis (count, knots) on an even lattice that covers the grid with one knot to spare each side."""
    position = np.linspace(1, knots - 2, count)
    spline = BSpline.basis_element(np.arange(-2, 3), extrapolate=False)
    return np.nan_to_num(spline(position[:, None] - np.arange(knots))).astype(np.float32)


@bounded
@dataclass(frozen=True)
class Shape:
    """Standard deviations of the shape latents.

    size, aspect: head size and its three axes (relative). ventricles: their linear enlargement (relative), with
    correlation 0.8 between sides. field_mm: the smooth field's displacement per axis; its lattice is `spacing_mm`
    apart, far above field_mm, which keeps the map invertible (Jacobian positive; tested). shift_mm, rotation_deg:
    what a rigid registration leaves over.
    """

    size: Annotated[float, Between(0, 0.1)] = 0.03
    aspect: Annotated[float, Between(0, 0.1)] = 0.02
    ventricles: Annotated[float, Between(0, 0.3)] = 0.16
    field_mm: Annotated[float, Between(0, 10, unit="mm")] = 2.0
    spacing_mm: Annotated[float, Between(16, 100, unit="mm")] = 32.0
    shift_mm: Annotated[float, Between(0, 10, unit="mm")] = 1.5
    rotation_deg: Annotated[float, Between(0, 15, unit="degrees")] = 2.0

    def __post_init__(self) -> None:
        if self.field_mm > self.spacing_mm / 10:
            most = f"at most a tenth of spacing_mm={self.spacing_mm:g}"
            raise impossible(self, "field_mm", self.field_mm, most)

    def draw(self, rng: np.random.Generator, extent_mm: np.ndarray) -> dict[str, np.ndarray]:
        """One subject's latents by name; `lattice` holds the field's coefficients (3, a, b, c) in mm."""
        z = rng.standard_normal(12).astype(np.float32)
        knots = [int(np.ceil(e / self.spacing_mm)) + 3 for e in extent_mm]
        # unit coefficients give a field of variance (151/315)^3: the mean squared cubic B-spline weight, per axis
        lattice = rng.standard_normal((3, *knots)).astype(np.float32) * np.float32(self.field_mm / (151 / 315) ** 1.5)
        left, right = z[4], np.float32(0.8) * z[4] + np.float32(0.6) * z[5]
        return {
            "scale": 1 + self.size * z[0] + self.aspect * z[1:4],
            "ventricles": np.array([left, right], np.float32) * self.ventricles,
            "shift": self.shift_mm * z[6:9],
            "rotation": np.deg2rad(self.rotation_deg) * z[9:12],
            "lattice": lattice,
        }

    def displace(self, points: np.ndarray, latents: Mapping[str, np.ndarray]) -> np.ndarray:
        """Template position (D, H, W, 3) in mm of every voxel of a subject; points are the voxels' own positions."""
        centre = (points[0, 0, 0] + points[-1, -1, -1]) / 2
        moved = (points - centre - latents["shift"]) @ _rotation(latents["rotation"]) / latents["scale"] + centre
        for middle, growth in zip(VENTRICLES, latents["ventricles"], strict=True):
            offset = moved - np.asarray(middle, np.float32)
            weight = np.exp(np.einsum("...k,...k", offset, offset) / np.float32(-2 * 16.0**2))
            offset *= (growth * weight)[..., None]
            moved -= offset
        return (moved + _field(points.shape[:3], latents["lattice"])).astype(np.float32)


def _rotation(angles: np.ndarray) -> np.ndarray:
    """Rotation matrix of small angles about x, y, z."""
    (cx, cy, cz), (sx, sy, sz) = np.cos(angles), np.sin(angles)
    about_x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_z = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    return (about_x @ about_y @ about_z).astype(np.float32)


def _field(shape: tuple[int, ...], lattice: np.ndarray) -> np.ndarray:
    """The smooth field (D, H, W, 3) of a coefficient lattice (3, a, b, c)."""
    field = lattice
    for count, knots in zip(shape, lattice.shape[1:], strict=True):
        # contract the leading lattice axis and append the grid axis: three turns restore the order
        field = np.tensordot(field, _spline_basis(count, knots), axes=(1, 1))
    return np.moveaxis(field, 0, -1)
