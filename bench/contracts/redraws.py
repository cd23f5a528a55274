"""Redraws of one subject, region by region, in strata whose chances are known."""

from typing import NamedTuple, Self

import torch
from torch import Tensor


class Redraws(NamedTuple):
    """One subject with one region's local latents redrawn after the other.

    images: (R * K, 1, D, H, W), K draws of a region adjacent. strata: (R, K) int64, the stratum of each draw, numbered
    from 0. chances: (R, S) float64, the exact chance of each stratum in the region's marginal, which sum to 1; one that
    is above 0 should hold two draws or more, so that its spread is known.
    """

    images: Tensor
    strata: Tensor
    chances: Tensor

    @classmethod
    def plain(cls, images: Tensor, draws: int) -> Self:
        """Draws from the marginal as they come, which are one stratum."""
        regions = len(images) // draws
        strata = torch.zeros(regions, draws, dtype=torch.int64)
        return cls(images, strata, torch.ones(regions, 1, dtype=torch.float64))
