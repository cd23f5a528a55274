"""A velocity with prescribed sources that stays inside the brain: a potential's gradient, by conjugate gradients."""

import numpy as np
from scipy.ndimage import label
from scipy.sparse import csr_matrix

#: relative residual at which the potential is good enough, and steps after which it must be
RESIDUAL, STEPS = 1e-3, 2000


def balanced_sources(source: np.ndarray, sink: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Sources (D, H, W) minus as much of the sinks as sums to zero in every connected part of `inside`.

    sink: (D, H, W), positive somewhere in every part that has a source.
    """
    part, count = label(inside)
    index = np.arange(1, count + 1)
    gain, room = (np.bincount(part.ravel(), weights=w.ravel(), minlength=count + 1)[index] for w in (source, sink))
    scale = np.concatenate([[0.0], gain / np.maximum(room, 1e-12)])
    return np.where(inside, source - scale[part] * sink, 0)


def velocity(source: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Velocity (D, H, W, 3) in voxels whose divergence is `source` inside and whose normal part is 0 at the edge.

    source: (D, H, W), of zero sum in every connected part of `inside` (bool). Poisson's equation of the potential is
    solved on the voxels inside with no flow through their outer faces: of all flows with this divergence, the one of
    least energy. A voxel has the mean velocity of its two faces along each axis.
    """
    potential = np.zeros(inside.shape)
    potential[inside] = _solve(_laplacian(_neighbours(inside)), -source[inside].astype(np.float64))
    return _slope(potential, inside)


def _slope(potential: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Mean (D, H, W, 3) of the steps through each voxel's two faces; a face to the outside has none."""
    slope = np.zeros((*inside.shape, 3), np.float32)
    for axis in range(3):
        along, within = (np.moveaxis(a, axis, 0) for a in (potential, inside))
        steps = np.where(within[1:] & within[:-1], np.diff(along, axis=0), 0)
        both = np.zeros(along.shape)
        both[1:] += steps
        both[:-1] += steps
        np.moveaxis(slope[..., axis], axis, 0)[...] = both / 2
    return slope


def _neighbours(inside: np.ndarray) -> np.ndarray:
    """Numbers (n, 6) of every inner voxel's neighbours in the grid's order, -1 for one outside."""
    number = np.full(np.add(inside.shape, 2), -1)
    number[1:-1, 1:-1, 1:-1][inside] = np.arange(inside.sum())
    at = np.flatnonzero(number >= 0)
    strides = np.array(number.strides) // number.itemsize
    return number.ravel()[at[:, None] + np.concatenate([-strides, strides[::-1]])]


def _laplacian(neighbours: np.ndarray) -> csr_matrix:
    """The number of a voxel's neighbours on the diagonal, -1 for each neighbour: (n, n), columns in their order.

    neighbours: (n, 6).
    """
    count = len(neighbours)
    columns = np.insert(neighbours, 3, np.arange(count), axis=1)
    held = columns >= 0
    values = np.full(columns.shape, -1.0)
    values[:, 3] = held.sum(1) - 1
    return csr_matrix((values[held], columns[held], np.append(0, held.sum(1).cumsum())), shape=(count, count))


def _solve(matrix: csr_matrix, right: np.ndarray) -> np.ndarray:
    """Conjugate gradients with a diagonal preconditioner.

    Inner products are numpy sums: a BLAS may split them over threads, and a subject's bytes would depend on how many.
    """
    ease = 1 / np.maximum(matrix.diagonal(), 1)
    solution, rest = np.zeros_like(right), right.copy()
    direction = eased = ease * rest
    product, enough = (rest * eased).sum(), RESIDUAL**2 * (right**2).sum()
    for _ in range(STEPS):
        if (rest**2).sum() <= enough:
            break
        image = matrix @ direction
        step = product / (direction * image).sum()
        solution += step * direction
        rest -= step * image
        eased = ease * rest
        product, last = (rest * eased).sum(), product
        direction = eased + product / last * direction
    return solution
