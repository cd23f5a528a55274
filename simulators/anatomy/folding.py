"""Sulci: sheets that run into a solid at right angles to its surface, along the zero lines of a wavy function."""

import numpy as np
from scipy.ndimage import distance_transform_edt, gaussian_filter

#: plane waves of one wavelength and many directions: their zero lines wind like sulci
WAVES = 24


def waves(points: np.ndarray, wavelength_mm: float, offset: float) -> np.ndarray:
    """A smooth function (D, H, W) of unit variance and one wavelength; `offset` chooses another of its kind."""
    step = np.arange(WAVES) + 0.5
    # directions by the golden angle cover the sphere evenly; the golden ratio spreads the phases
    z, turn = 1 - 2 * step / WAVES, np.pi * (1 + 5**0.5) * step
    directions = np.stack([np.sqrt(1 - z**2) * np.cos(turn), np.sqrt(1 - z**2) * np.sin(turn), z], 1)
    phases = 2 * np.pi * np.mod((step + offset) ** 2 * 0.6180339887, 1)
    field = np.zeros(points.shape[:-1], np.float32)
    for direction, phase in zip(directions, phases, strict=True):
        angle = points @ (2 * np.pi / wavelength_mm * direction).astype(np.float32)
        field += np.cos(angle + np.float32(phase))
    return field * np.float32((2 / WAVES) ** 0.5)


def sulci(
    solid: np.ndarray, points: np.ndarray, voxel_mm: float, wavelength_mm: float, depth_mm: tuple[float, float]
) -> np.ndarray:
    """Distance (D, H, W) in mm to the nearest sulcus of a solid, infinite below a sulcus's own depth.

    solid: (D, H, W) bool. wavelength_mm: twice the width of a gyrus. depth_mm: shallowest and deepest sulcus.
    A voxel takes the value of the wavy function at the nearest point of the surface, so that sheets stand upright.
    """
    depth, surface = distance_transform_edt(solid, sampling=voxel_mm, return_indices=True)
    at_surface = points[tuple(surface)]
    bend = np.stack([waves(at_surface, 2.5 * wavelength_mm, offset) for offset in (0.1, 0.2, 0.4)], -1)
    at_surface = at_surface + np.float32(wavelength_mm / 6) * bend
    height = gaussian_filter(waves(at_surface, wavelength_mm, 0.0), 0.7)
    slope = np.linalg.norm(np.stack(np.gradient(height, voxel_mm)), axis=0)
    low, high = depth_mm
    reach = low + (high - low) * (0.5 + 0.5 * np.tanh(waves(at_surface, 3 * wavelength_mm, 0.3)))
    # the distance to a zero line, to first order; the bound keeps jumps between opposite walls from counting as lines
    sheet = np.abs(height) / np.clip(slope, 1e-3, 3 * np.pi / wavelength_mm)
    return np.where(depth < reach, sheet, np.inf).astype(np.float32)
