"""Association: where, and in which regions, patients differ from what they would be without the pathology.

A voxel or region that the pathology never changes is exactly zero, however useful it may be to a classifier; that is
what tells association from `observer`.
"""

from collections.abc import Iterable

import numpy as np
from scipy.ndimage import map_coordinates

from bench.passes.discrimination import auc
from simulators.anatomy.protocol import Template
from simulators.truths.population import Couple

#: share of the subjects that a template voxel must have been seen in
SEEN = 0.1
FOLDS = 5


def voxels(couples: Iterable[Couple], template: Template) -> np.ndarray:
    """d'(v) = E[sick - well](v) / pooled SD(v) on the template's grid (D, H, W), 0 where too few subjects have tissue.

    Every voxel of a subject is spread over the eight template voxels around its template position.
    """
    grid = template.labels.shape
    # weight, change, then both states' intensity and its square
    sums = np.zeros((6, int(np.prod(grid))))
    subjects = 0
    for couple in couples:
        subjects += 1
        brain = couple.brain.ravel()
        where = _index(couple.position, template).reshape(-1, 3)[brain]
        well, sick = (image.ravel()[brain].astype(np.float64) for image in (couple.well, couple.sick))
        for flat, weight in _corners(where, grid):
            for total, value in zip(sums, (1.0, sick - well, sick, sick**2, well, well**2), strict=True):
                total += np.bincount(flat, weight * value, minlength=total.size)
    change, sick, sick_square, well, well_square = sums[1:] / np.maximum(sums[0], 1e-12)
    pooled = np.sqrt(np.maximum((sick_square - sick**2 + well_square - well**2) / 2, 0))
    seen = (sums[0] >= SEEN * subjects) & (pooled > 0)
    return np.where(seen, change / np.maximum(pooled, 1e-12), 0).reshape(grid).astype(np.float32)


def pulled_back(field: np.ndarray, position: np.ndarray, template: Template) -> np.ndarray:
    """A field (D, H, W) of the template as a subject's voxels at template `position` (D, H, W, 3) see it."""
    where = np.moveaxis(_index(position, template), -1, 0)
    return map_coordinates(field, where, order=1, mode="constant").astype(np.float32)


def regions(well: np.ndarray, sick: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each region's AUC - 0.5 and the half-width of its 95 % interval: (R,), (R,).

    A quadratic discriminant on the region's four statistics, cross-validated over subjects, tells a subject with the
    pathology from itself without it; where nothing differs every comparison is a tie, and the value exactly 0.
    well, sick: (n, R, 4).
    """
    values = [_region(well[:, r], sick[:, r]) for r in range(well.shape[1])]
    return np.array([f[0] for f in values]), np.array([f[1] for f in values])


def _region(well: np.ndarray, sick: np.ndarray) -> tuple[float, float]:
    if np.array_equal(well, sick):
        return 0.0, 0.0
    scores = np.zeros((2, len(well)))
    for fold in range(FOLDS):
        test = np.arange(len(well)) % FOLDS == fold
        laws = [_law(group[~test]) for group in (well, sick)]
        for group, row in zip((well, sick), scores, strict=True):
            row[test] = _density(group[test], *laws[1]) - _density(group[test], *laws[0])
    value, low, high = auc(scores.ravel(), np.repeat([0, 1], len(well)))
    return value - 0.5, (high - low) / 2


def _law(group: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    spread = np.diag(1e-6 * group.var(0) + 1e-12)
    return group.mean(0), np.cov(group.T) + spread


def _density(values: np.ndarray, mean: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """Logarithm of a Gaussian density, up to a constant: (n,)."""
    factor = np.linalg.cholesky(covariance)
    z = np.linalg.solve(factor, (values - mean).T)
    return -0.5 * (z**2).sum(0) - np.log(np.diag(factor)).sum()


def _index(position: np.ndarray, template: Template) -> np.ndarray:
    """Template positions in mm as template voxels."""
    return (position - template.affine[:3, 3]) / np.diag(template.affine)[:3]


def _corners(where: np.ndarray, grid: tuple[int, ...]) -> Iterable[tuple[np.ndarray, np.ndarray]]:
    """The eight voxels around places (n, 3), flat, with their trilinear weights."""
    low = np.floor(where).astype(int)
    share = where - low
    for corner in np.ndindex(2, 2, 2):
        at = low + corner
        inside = ((at >= 0) & (at < grid)).all(1)
        weight = np.prod(np.where(corner, share, 1 - share), axis=1) * inside
        yield np.ravel_multi_index(tuple(np.clip(at, 0, np.array(grid) - 1).T), grid), weight
