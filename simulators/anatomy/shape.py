"""Shape of brains: named latent factors and a smooth random field, as one displacement per voxel."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, ClassVar

import numpy as np
from scipy.interpolate import BSpline

from bench.contracts import Between, bounded, impossible

#: the right lateral ventricle as a tube of this radius (mm) around a bent axis, which passes x = a + b (y - c)^2 at y,
#: and z likewise: a, b, c of both (MNI mm); the left mirrors it
RADIUS = 5.5
AXIS_X, AXIS_Z = (7.5, 0.006, 5.0), (21.5, -0.0095, -12.0)
#: middle of the tube along y, and SDs of the bells by which its change fades along and around it (mm)
ALONG, FADES = -22.0, (42.0, 35.0)
#: correlation of the two ventricles' widening
SIDES = 0.93


@lru_cache
def _spline_basis(count: int, knots: int) -> np.ndarray:
    """Cubic B-spline basis (count, knots) on an even lattice that covers the grid with one knot to spare each side."""
    position = np.linspace(1, knots - 2, count)
    spline = BSpline.basis_element(np.arange(-2, 3), extrapolate=False)
    return np.nan_to_num(spline(position[:, None] - np.arange(knots))).astype(np.float32)


@bounded
@dataclass(frozen=True)
class Shape:
    """Standard deviations of the shape latents, fitted to `norms.csv`.

    size, aspect: head size and its three axes (relative). ventricles: the logarithm of the width of the lateral
    ventricles, whose volume is log-normal therefore: most are narrow, a few are wide. field_mm: the smooth field's
    displacement per axis; its lattice is `spacing_mm` apart, far above field_mm, which keeps the map invertible
    (Jacobian positive; tested). mirrored: share of the field's variance that mirrors itself in the midsagittal plane.
    shift_mm, rotation_deg: what a rigid registration leaves over.
    """

    version: ClassVar[str] = "2"
    size: Annotated[float, Between(0, 0.1)] = 0.03
    aspect: Annotated[float, Between(0, 0.1)] = 0.015
    ventricles: Annotated[float, Between(0, 0.6)] = 0.48
    field_mm: Annotated[float, Between(0, 10, unit="mm")] = 1.1
    spacing_mm: Annotated[float, Between(16, 100, unit="mm")] = 48.0
    mirrored: Annotated[float, Between(0, 1)] = 0.85
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
        field, alike = rng.standard_normal((2, 3, *knots)).astype(np.float32)
        # unit coefficients give a field of variance (151/315)^3: the mean squared cubic B-spline weight, per axis
        unit = np.float32(self.field_mm / (151 / 315) ** 1.5)
        lattice = np.sqrt(1 - self.mirrored) * field + np.sqrt(self.mirrored / 2) * (alike + _mirror(alike))
        left, right = z[4], np.float32(SIDES) * z[4] + np.float32(np.sqrt(1 - SIDES**2)) * z[5]
        return {
            "scale": 1 + self.size * z[0] + self.aspect * z[1:4],
            "ventricles": np.array([left, right], np.float32) * self.ventricles,
            "shift": self.shift_mm * z[6:9],
            "rotation": np.deg2rad(self.rotation_deg) * z[9:12],
            "lattice": (unit * lattice).astype(np.float32),
        }

    def displace(self, points: np.ndarray, latents: Mapping[str, np.ndarray]) -> np.ndarray:
        """Template position (D, H, W, 3) in mm of every voxel of a subject; points are the voxels' own positions."""
        centre = (points[0, 0, 0] + points[-1, -1, -1]) / 2
        moved = (points - centre - latents["shift"]) @ _rotation(latents["rotation"]) / latents["scale"] + centre
        for side, growth in zip((-1, 1), latents["ventricles"], strict=True):
            _widen(moved, side, growth)
        return (moved + _field(points.shape[:3], latents["lattice"])).astype(np.float32)


def _widen(moved: np.ndarray, side: int, growth: float) -> None:
    """Positions (D, H, W, 3) of a brain whose lateral ventricle on a side is exp(growth) times as wide and as high.

    A tube of radius R around the ventricle's axis takes f = exp(2 growth) times its area: where s is the squared
    distance from the axis, the tube shows what lies at s / f in the template, and what is around it s - (f - 1) R^2. So
    tissue is moved and keeps its area, and is squeezed only as the change fades with distance. It is invertible for any
    f, as both slopes in s are positive.
    """
    y, tube = moved[..., 1], np.float32(RADIUS**2)
    along = np.exp((y - np.float32(ALONG)) ** 2 / np.float32(-2 * FADES[0] ** 2))
    area = np.exp(2 * np.float32(growth) * along)
    x, z = (np.float32(a) + np.float32(b) * (y - np.float32(c)) ** 2 for a, b, c in (AXIS_X, AXIS_Z))
    across, up = moved[..., 0] - side * x, moved[..., 2] - z
    square = across**2 + up**2
    gained = (area - 1) * np.minimum(square / area, tube) * np.exp(square / np.float32(-2 * FADES[1] ** 2))
    factor = np.sqrt(1 - gained / np.maximum(square, np.float32(1e-6))) - 1
    moved[..., 0] += across * factor
    moved[..., 2] += up * factor


def _mirror(lattice: np.ndarray) -> np.ndarray:
    """Coefficients (3, a, b, c) of the field seen in a mirror on the midsagittal plane."""
    return lattice[:, ::-1] * np.array([-1, 1, 1], np.float32)[:, None, None, None]


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
