"""Earth mover's distance between two distributions on a volume, between proven bounds."""

import math
from typing import NamedTuple

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import eye, kron, vstack
from scipy.spatial.distance import cdist

#: groups the sinks may have, and pairs of groups in the linear program: 0.05 to 0.3 s on one core
_SINKS = 160
_PAIRS = 40_000


class _Groups(NamedTuple):
    """Voxels merged by cell: mass (G,), centre of mass (G, 3) in mm, and mean squared distance to it (G,) in mm^2."""

    mass: np.ndarray
    centre: np.ndarray
    variance: np.ndarray


def earth_movers(source: np.ndarray, sink: np.ndarray, where: np.ndarray) -> tuple[float, float]:
    """Lower and upper bound in mm on the earth mover's distance with Euclidean ground distance.

    source, sink: (n,) non-negative, each of sum 1, at positions where (n, 3) in mm. What both hold at a voxel stays
    there, which is optimal for a metric cost; the rest is merged into groups. Moving a group's mass independently of
    its place in the group costs at most sqrt(|a - b|^2 + variance_a + variance_b) a pair (Jensen's inequality), so the
    linear program on these costs is the price of a plan: the upper bound. Its dual potentials of the sinks give the
    function min_b(|x - b| - potential_b), which no step of 1 mm changes by more than 1: its mean difference over the
    voxels is the lower bound (Kantorovich and Rubinstein, 1958). Groups of one voxel make both exact.
    """
    excess = source - sink
    if np.abs(excess).sum() < 1e-12:
        return 0.0, 0.0
    more, less = excess > 0, excess < 0
    sinks = _groups(where[less], -excess[less], _SINKS)
    sources = _groups(where[more], excess[more], _PAIRS // len(sinks.mass))
    cost = np.sqrt(cdist(sources.centre, sinks.centre) ** 2 + sources.variance[:, None] + sinks.variance)
    upper, potential = _program(sources.mass, sinks.mass, cost)
    moved = excess != 0
    slope = (cdist(where[moved], sinks.centre) - potential).min(axis=1)
    return min(float(slope @ excess[moved]), upper), upper


def _groups(where: np.ndarray, mass: np.ndarray, limit: int) -> _Groups:
    """Voxels merged by cubes of the smallest of a series of sizes that leaves at most `limit` of them."""
    low, side = where.min(axis=0), np.ptp(where, axis=0).max() / 64 + 1e-9
    while True:
        cells = ((where - low) // side).astype(np.int64)
        wide = cells.max(axis=0) + 1
        _, label = np.unique(np.ravel_multi_index(tuple(cells.T), tuple(wide)), return_inverse=True)
        if label.max() < limit:
            break
        side *= 1.2
    total = np.bincount(label, mass)
    centre = np.stack([np.bincount(label, mass * axis) for axis in where.T], axis=1) / total[:, None]
    spread = ((where - centre[label]) ** 2).sum(axis=1)
    return _Groups(total, centre, np.bincount(label, mass * spread) / total)


def _program(source: np.ndarray, sink: np.ndarray, cost: np.ndarray) -> tuple[float, np.ndarray]:
    """Cheapest transport of source (K,) to sink (J,) at cost (K, J), and the dual potentials of the sinks (J,).

    The last sink's equation follows from the others and is left out; its potential is 0. NaN where the solver fails.
    """
    k, j = cost.shape
    # the solver's tolerances are absolute: mean masses of 1 keep them relative, however little there is to move
    unit = source.sum() / k
    sums = vstack([kron(eye(k), np.ones((1, j))), kron(np.ones((1, k)), eye(j))]).tocsr()[:-1]
    solution = linprog(cost.ravel(), A_eq=sums, b_eq=np.concatenate([source, sink])[:-1] / unit, method="highs-ds")
    if solution.status != 0:
        return math.nan, np.zeros(j)
    return float(solution.fun * unit), np.append(solution.eqlin.marginals, 0.0)[k:]
