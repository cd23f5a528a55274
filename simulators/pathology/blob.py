"""The shape of lesions: lobed, longish bodies of a stated volume, with a border that fades."""

from typing import NamedTuple

import numpy as np

from simulators.space.voxels import Voxels

#: waves that make an outline irregular: their frequencies per radius, and the size of each in radii
FREQUENCIES = np.array([1.2] * 4 + [2.8] * 4)
SIZES = np.full(len(FREQUENCIES), 0.2, np.float32)
#: halvings of the interval in which a body's extent is sought
HALVINGS = 10
#: least half width of a border in voxels: what is sharper depends on where the voxels' centres happen to lie
LEAST_EDGE = 0.5
#: bounds on how much narrower than its middle a tapering body may be, and wider
NARROW, WIDE = 0.4, 1.6
#: squared voxels by which single precision may misjudge a distance in a grid
SLACK = 0.01


class Bodies(NamedTuple):
    """Lesions: centres (m, 3) in voxels, radii (m,) in mm of balls of their volumes, unit axes (m, 3), waves.

    waves: directions (m, 8, 3) and phases (m, 8) of the sines that make the outlines irregular.
    """

    centres: np.ndarray
    radii_mm: np.ndarray
    axes: np.ndarray
    waves: tuple[np.ndarray, np.ndarray]


class Outline(NamedTuple):
    """What lesions of one kind have in common.

    irregularity: size of the outline's waves, whose SD is 0.4 radii at 1. elongation: length over width. taper: how
    much wider a body grows along its axis, per radius. widest: farthest that it grows where tissue is scarce, in radii.
    edge_mm: half the width of the border.
    """

    irregularity: float
    elongation: float
    taper: float
    widest: float
    edge_mm: float


class Depths(NamedTuple):
    """Pairs (n,) of a body and a voxel near it, in the order of the bodies.

    which: the body's number. at: the number of the voxel among those of the head. depth_mm: how far inside the body it
    lies, negative outside.
    """

    which: np.ndarray
    at: np.ndarray
    depth_mm: np.ndarray
    edge_mm: float

    def share(self, inwards_mm: float = 0.0) -> np.ndarray:
        """Share (n,) float32 of each voxel within the border, or one that lies farther inwards."""
        return ramp((self.depth_mm - inwards_mm) / self.edge_mm)


def ripples(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Directions (m, 8, 3) and phases (m, 8) of the outlines of m bodies."""
    directions = FREQUENCIES[:, None] * rng.standard_normal((count, len(FREQUENCIES), 3))
    return directions, rng.uniform(0, 2 * np.pi, (count, len(FREQUENCIES)))


def headings(rng: np.random.Generator, count: int) -> np.ndarray:
    """Unit vectors (m, 3) in any direction."""
    drawn = rng.standard_normal((count, 3))
    return np.asarray(drawn / np.linalg.norm(drawn, axis=1, keepdims=True))


def border(bodies: Bodies, shape: Outline, head: Voxels, tissue: np.ndarray, voxel_mm: float) -> Depths:
    """The voxels of a head at and within the border of bodies, each of the volume of the ball of its radius.

    tissue: (n,) share of each voxel of the head that a body can take; what it cannot does not count to its volume. A
    body grows evenly until it has its volume, at most to `shape.widest` times the size it has among tissue alone.
    """
    edge = max(shape.edge_mm, LEAST_EDGE * voxel_mm)
    reach = ((shape.widest + shape.irregularity * SIZES.sum()) * bodies.radii_mm + edge) * _reach(shape) / voxel_mm
    which, at = within_reach(head.points, bodies.centres, reach)
    radii = bodies.radii_mm.take(which).astype(np.float32)
    apart = _apart(head.points.take(at, axis=1), bodies, which, shape, voxel_mm)
    extents = _extents(apart, which, tissue.take(at), bodies.radii_mm, shape._replace(edge_mm=edge), voxel_mm)
    depth = (extents.take(which).astype(np.float32) - apart) * radii
    inside = depth > -edge
    return Depths(which[inside], at[inside], depth[inside], edge)


def ramp(depth: np.ndarray) -> np.ndarray:
    """A smooth step from 0 at -1 to 1 at 1, exactly 0 and 1 beyond."""
    x = np.clip(0.5 + 0.5 * depth, 0, 1)
    return np.asarray(x * x * (3 - 2 * x), np.float32)


def _reach(shape: Outline) -> float:
    """How far a body reaches, in units of the distance that its outline measures."""
    along = shape.elongation ** (2 / 3)
    return max(along, (WIDE if shape.taper else 1) / along**0.5)


def _apart(points: np.ndarray, bodies: Bodies, which: np.ndarray, shape: Outline, voxel_mm: float) -> np.ndarray:
    """Distance (n,) of points (3, n) from the middles of their bodies, in radii, as the bodies' outlines measure it."""
    scale = (voxel_mm / bodies.radii_mm).astype(np.float32)
    # pairs are in the order of the bodies, and repeating is faster than looking up
    counts = np.bincount(which, minlength=len(bodies.radii_mm))
    offset = ((points - np.repeat(bodies.centres.T, counts, axis=1)) * np.repeat(scale, counts)).astype(np.float32)
    along = (offset * np.repeat(bodies.axes.T.astype(np.float32), counts, axis=1)).sum(0)
    across = (offset**2).sum(0) - along**2
    wider = np.clip(1 + shape.taper * along, NARROW, WIDE)
    stretch = np.float32(shape.elongation ** (2 / 3))
    distance = np.sqrt((along / stretch) ** 2 + np.maximum(across, 0) * stretch / wider**2)
    directions, phases = (np.moveaxis(part, 0, -1).astype(np.float32) for part in bodies.waves)
    for size, direction, phase in zip(shape.irregularity * SIZES, directions, phases, strict=True):
        if size:
            angle = (offset * np.repeat(direction, counts, axis=-1)).sum(0) + np.repeat(phase, counts)
            distance -= np.float32(size) * np.sin(angle)
    return np.asarray(distance)


def _extents(
    apart: np.ndarray, which: np.ndarray, tissue: np.ndarray, radii_mm: np.ndarray, shape: Outline, voxel_mm: float
) -> np.ndarray:
    """The distance (m,) in radii at which each body's border encloses its volume: halvings, and a line at last."""
    asked = 4 / 3 * np.pi * (radii_mm / voxel_mm) ** 3
    per_edge = (radii_mm / shape.edge_mm).astype(np.float32).take(which)

    def enclosed(extents: np.ndarray) -> np.ndarray:
        depth = (extents.astype(np.float32).take(which) - apart) * per_edge
        return np.bincount(which, weights=ramp(depth) * tissue, minlength=len(radii_mm))

    # nothing is enclosed by the least
    low = -shape.edge_mm / radii_mm - shape.irregularity * SIZES.sum()
    high = np.full(len(radii_mm), shape.widest)
    below, above = np.zeros(len(radii_mm)), enclosed(high)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        volume = enclosed(middle)
        less = volume < asked
        low, below = np.where(less, middle, low), np.where(less, volume, below)
        high, above = np.where(less, high, middle), np.where(less, above, volume)
    return np.asarray(low + (high - low) * np.clip((asked - below) / np.maximum(above - below, 1e-12), 0, 1))


def within_reach(points: np.ndarray, centres: np.ndarray, reach: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """All pairs of a centre (k, 3) and a point (3, n) within its reach (k,), and few others: numbers of both (m,).

    All in voxels; pairs are in the order of the centres.
    """
    points, centres = points.astype(np.float32), centres.astype(np.float32)
    # the squared distance less the centre's own square
    apart = (points**2).sum(0) - 2 * centres @ points
    bound = (reach**2 - (centres**2).sum(1) + SLACK).astype(np.float32)
    pairs = np.flatnonzero(apart < bound[:, None])
    which = pairs // points.shape[1]
    return which, pairs - which * points.shape[1]
