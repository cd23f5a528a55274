"""Scores that depend on where a voxel lies."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from bench.contracts import Context, Truth
from metrics._shared.domain import domain_of, volume_of


@dataclass(frozen=True)
class Space:
    """Positions of the n voxels of a subject's domain.

    inside: (D, H, W) bool. affine: (4, 4), voxel to millimetres.
    """

    inside: np.ndarray
    affine: np.ndarray

    @property
    def millimetres(self) -> np.ndarray:
        """(n, 3) positions in mm, up to a common shift."""
        return np.argwhere(self.inside) @ np.asarray(self.affine, dtype=np.float64)[:3, :3].T

    def volume(self, flags: np.ndarray) -> np.ndarray:
        """(D, H, W) bool from (n,) bool, False outside the domain."""
        volume = np.zeros_like(self.inside)
        volume[self.inside] = flags
        return volume


@dataclass(frozen=True)
class Placed(ABC):
    """One score per subject from map and |truth| in the domain and where its voxels lie."""

    def map(self, maps: Tensor, truth: Truth | None, context: Context) -> Tensor:
        """Scores (N,) of maps (N, 1, D, H, W) against the volume of the truth."""
        scores, sizes = [], volume_of(truth, maps, context, self).abs()
        for values, size, inside in zip(maps, sizes, domain_of(context, maps), strict=True):
            seen, true = (part[inside].detach().cpu().numpy() for part in (values, size))
            scores.append(self._subject(seen, true, Space(inside[0].cpu().numpy(), context.affine)))
        return torch.tensor(scores, dtype=torch.float32)

    @abstractmethod
    def _subject(self, values: np.ndarray, size: np.ndarray, space: Space) -> float:
        """The score of one subject from map and |truth| (n,); NaN where undefined."""
