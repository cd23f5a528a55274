"""Implicit solids: functions of position, in mm, that are negative inside and close to a distance near the surface."""

from collections.abc import Sequence

import numpy as np

Point = tuple[float, float, float]


def ellipsoid(points: np.ndarray, centre: Point, radii: Point) -> np.ndarray:
    """Signed distance (D, H, W) to an ellipsoid, to first order; points (D, H, W, 3) in mm."""
    unit = np.linalg.norm((points - np.array(centre, np.float32)) / np.array(radii, np.float32), axis=-1)
    return (unit - 1) * np.float32(min(radii))


def tube(points: np.ndarray, path: Sequence[Point], radii: Sequence[float]) -> np.ndarray:
    """Signed distance (D, H, W) to a tube along a path whose radius runs linearly between its corners."""
    nearest = np.full(points.shape[:-1], np.inf, np.float32)
    for a, b, start, end in zip(path[:-1], path[1:], radii[:-1], radii[1:], strict=True):
        offset, along = points - np.array(a, np.float32), np.subtract(b, a).astype(np.float32)
        t = np.clip(offset @ along / (along @ along), 0, 1)
        distance = np.linalg.norm(offset - t[..., None] * along, axis=-1)
        nearest = np.minimum(nearest, distance - (np.float32(start) + t * np.float32(end - start)))
    return nearest


def union(*solids: np.ndarray, blend: float = 0.0) -> np.ndarray:
    """The union of solids; `blend` (mm) rounds the creases where they meet."""
    joined = solids[0]
    for solid in solids[1:]:
        overlap = np.clip(blend - np.abs(joined - solid), 0, None)
        joined = np.minimum(joined, solid) - overlap**2 / (4 * blend if blend else 1)
    return joined


def share(solid: np.ndarray, voxel_mm: float) -> np.ndarray:
    """Share (D, H, W) of each voxel that lies inside."""
    return np.clip(0.5 - solid / np.float32(voxel_mm), 0, 1)
