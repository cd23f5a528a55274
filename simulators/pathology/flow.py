"""A velocity with prescribed sources that stays inside the brain: a potential's gradient, by conjugate gradients."""

import numpy as np
from scipy.ndimage import label
from scipy.sparse import csr_matrix, diags, vstack

#: relative residual at which the potential is good enough, and steps after which it must be
RESIDUAL, STEPS = 1e-3, 2000


def balanced(source: np.ndarray, sink: np.ndarray, inside: np.ndarray) -> np.ndarray:
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
    faces = _differences(inside)
    every = vstack(faces).tocsr()
    potential = _solve(every.T @ every, -source[inside].astype(np.float64))
    found = np.zeros((*inside.shape, 3), np.float32)
    for axis, face in enumerate(faces):
        found[inside, axis] = abs(face).T @ (face @ potential) / 2
    return found


def _differences(inside: np.ndarray) -> list[csr_matrix]:
    """For each axis the differences (faces, voxels) between neighbours that both lie inside."""
    number = np.full(inside.shape, -1)
    number[inside] = np.arange(inside.sum())
    found = []
    for axis in range(3):
        turned = np.moveaxis(number, axis, 0)
        low, high = turned[:-1].ravel(), turned[1:].ravel()
        both = (low >= 0) & (high >= 0)
        pairs = np.stack([low[both], high[both]], 1).ravel()
        rows = np.arange(0, len(pairs) + 1, 2)
        values = np.tile([-1.0, 1.0], len(pairs) // 2)
        found.append(csr_matrix((values, pairs, rows), shape=(len(pairs) // 2, int(inside.sum()))))
    return found


def _solve(matrix: csr_matrix, right: np.ndarray) -> np.ndarray:
    """Conjugate gradients with a diagonal preconditioner.

    Inner products are numpy sums: a BLAS may split them over threads, and a subject's bytes would depend on how many.
    """
    ease = diags(1 / np.maximum(matrix.diagonal(), 1))
    found, rest = np.zeros_like(right), right.copy()
    direction = eased = ease @ rest
    product, enough = (rest * eased).sum(), RESIDUAL**2 * (right**2).sum()
    for _ in range(STEPS):
        if (rest**2).sum() <= enough:
            break
        image = matrix @ direction
        step = product / (direction * image).sum()
        found, rest = found + step * direction, rest - step * image
        eased = ease @ rest
        product, last = (rest * eased).sum(), product
        direction = eased + product / last * direction
    return found
