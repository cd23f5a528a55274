"""Invertible maps from velocities, scaled until they change a volume by the factor that is asked for."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import grid_sample, interpolate

from bench.contracts import Undefined
from simulators.pathology.nearest import bounding_box

#: longest step in voxels that is taken without composing; relative error of the reached change; trials of its size
STEP, CLOSE, TRIALS = 0.25, 0.01, 20


def exponential(velocity: np.ndarray) -> np.ndarray:
    """Displacement (D, H, W, 3) in voxels of the flow along a velocity for unit time, by scaling and squaring.

    Arsigny et al. 2006, MICCAI: the flow of a smooth velocity is invertible. Where the velocity is zero, nothing moves.
    """
    longest = float(np.linalg.norm(velocity, axis=-1).max())
    doublings = max(0, int(np.ceil(np.log2(max(longest, 1e-12) / STEP))))
    moved = torch.from_numpy(np.moveaxis(velocity, -1, 0) / np.float32(2**doublings))
    for _ in range(doublings):
        moved = moved + _read(moved, moved)
    # coordinates are rounded where they are read, which lets a little of the neighbours' motion through
    return np.where((velocity != 0).any(-1, keepdims=True), np.moveaxis(moved.numpy(), 0, -1), np.float32(0))


def joined(first: np.ndarray, then: np.ndarray) -> np.ndarray:
    """Both displacements (D, H, W, 3) in voxels as one, the second of what the first shows; where nothing moves: 0."""
    if not first.any():
        return then
    moves = (first != 0).any(-1, keepdims=True) | (then != 0).any(-1, keepdims=True)
    before = np.moveaxis(_read(_channels(first), _channels(then)).numpy(), 0, -1)
    return np.where(moves, then + before, np.float32(0))


class Sized(NamedTuple):
    """A displacement (D, H, W, 3) in voxels and the logarithm of the factor by which it changes a volume."""

    moved: np.ndarray
    reached: float


def sized(velocity: np.ndarray, content: np.ndarray, still: float, factor: float, before: Sized) -> Sized:
    """`before` and a flow after it, of the size at which a content has `factor` times its volume.

    velocity: (D, H, W, 3) voxels, points to where a voxel's content comes from while it grows. content: (D, H, W) what
    is measured, as the displaced image shows it. still: its volume where nothing moves. before: what moved it already.

    Raises:
        Undefined: where no size of this velocity changes the volume that much.
    """
    asked = float(np.log(factor))
    size = asked - before.reached
    for _ in range(TRIALS):
        moved = joined(before.moved, exponential(np.float32(size) * velocity))
        reached = float(np.log(volume(content, moved) / still))
        if abs(reached - asked) <= CLOSE * abs(asked) + 1e-6:
            return Sized(moved, reached)
        size *= (asked - before.reached) / (reached - before.reached)
    raise Undefined(f"no displacement changes the volume by a factor of {factor:g}")


def displaced(content: np.ndarray, moved: np.ndarray) -> np.ndarray:
    """A content (D, H, W) as an image shows it whose voxels read `moved` (D, H, W, 3) voxels away."""
    return _read(torch.from_numpy(np.ascontiguousarray(content, np.float32))[None], _channels(moved))[0].numpy()


def volume(content: np.ndarray, moved: np.ndarray) -> float:
    """Volume that a displaced content takes in the image, summed on a grid of half the spacing."""
    box = bounding_box(displaced(content, moved) != 0, 1)
    points = _grid(content.shape)[:, *box] + _channels(moved[box])
    finer = interpolate(points[None], scale_factor=2, mode="trilinear")[0]
    return float(_at(torch.from_numpy(np.ascontiguousarray(content, np.float32))[None], finer).sum(dtype=torch.float64))


def _channels(field: np.ndarray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(np.moveaxis(field, -1, 0)))


@lru_cache(maxsize=8)
def _grid(shape: tuple[int, ...]) -> Tensor:
    """The positions (3, D, H, W) of all voxels."""
    return torch.stack(torch.meshgrid(*(torch.arange(n, dtype=torch.float32) for n in shape), indexing="ij"))


def _read(volume: Tensor, moved: Tensor) -> Tensor:
    """Volumes (C, D, H, W) read at every voxel plus its displacement (3, D, H, W)."""
    return _at(volume, _grid(tuple(volume.shape[1:])) + moved)


def _at(volume: Tensor, points: Tensor) -> Tensor:
    """Volumes (C, D, H, W) read at points (3, d, h, w) in voxels, linearly, the nearest face's value outside."""
    size = torch.tensor(volume.shape[1:], dtype=torch.float32).view(3, 1, 1, 1)
    unit = (2 * points).div_(size - 1).sub_(1).flip(0).movedim(0, -1)
    return grid_sample(volume[None], unit[None], align_corners=True, padding_mode="border")[0]
