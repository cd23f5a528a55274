"""The shape of a lesion: a ball with a soft border and a wavy outline."""

import numpy as np

#: squared voxels by which single precision may misjudge a distance in a grid
SLACK = 0.01


def blob(
    points: np.ndarray,
    centre: np.ndarray,
    radius_mm: np.ndarray,
    waves: tuple[np.ndarray, np.ndarray],
    irregularity: float,
    edge_mm: float,
    voxel_mm: float,
) -> np.ndarray:
    """Share (n,) float32 of lesions at points (3, n): 1 inside, fading over `edge_mm`.

    points, centre: (3, n) and (3, m) in voxels. waves: directions (4, 3, m) and phases (4, m) of the sines that make
    the outline irregular. m is 1 where all points are of one lesion, or n; so is the length of `radius_mm`.
    """
    directions, phases = 2 * waves[0], waves[1]
    x, y, z = ((place - middle) * voxel_mm for place, middle in zip(points, centre, strict=True))
    distance = np.sqrt(x**2 + y**2 + z**2) + 1e-6
    # all four sines at once and in place: this is most of the cost of a lesion
    angle = directions[:, 0] * (x / distance)
    angle += directions[:, 1] * (y / distance)
    angle += directions[:, 2] * (z / distance)
    angle += phases
    outline = np.sin(angle, out=angle).sum(0)
    radius = radius_mm * (1 + irregularity * outline / 2)
    return (0.5 - 0.5 * np.tanh((distance - radius) / edge_mm)).astype(np.float32)


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
