"""Losses of a progression network on pairs of visits, each with a name by which it is weighed or left out."""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, mse_loss

from bench.networks._progression import RegionMeans
from bench.networks._visit_pairs import Pairs

#: least SD of the difference of two visits, of a voxel and of a region's mean
VOXEL, REGION = 0.02, 1e-4


class Remade(NamedTuple):
    """What a network makes of pairs of visits.

    persons: (2 B, L), of the earlier visits first. outputs: (2 B, K). ages: (2 B,), read from the images. seen:
    (2 B, 1, D, H, W), the images in SDs. simulated: the same as made of the person at the earlier visit, at its age
    and at that of the later one. well: the same without disease.
    """

    persons: Tensor
    outputs: Tensor
    ages: Tensor
    seen: Tensor
    simulated: Tensor
    well: Tensor


class Differences(NamedTuple):
    """How two visits of a person differ: SD of each voxel (D, H, W) and of the mean of each region (R,)."""

    voxels: Tensor
    regions: Tensor

    @classmethod
    def between(cls, earlier: Tensor, later: Tensor, regions: RegionMeans) -> "Differences":
        """Those of visits (P, 1, D, H, W)."""
        away = later - earlier
        return cls(away.std((0, 1)).clamp(min=VOXEL), regions.of(away).std(0).clamp(min=REGION))


def losses(
    remade: Remade, pairs: Pairs, spread: Tensor, differences: Differences, regions: RegionMeans
) -> dict[str, Tensor]:
    """Losses by name. spread: SD of each voxel, the unit in which images are made.

    `image`: squared error of both images. `class`, `age`: of what is read of them. `voxels`: squared error of the
    change between both visits. `regions`: the same of the change of regional means, and by how much a region's
    disease, what it differs from the person without it, is smaller at the later visit: disease never recedes.
    """
    before, after = (remade.simulated * spread).chunk(2)
    error = after - before - (pairs.later - pairs.earlier)
    ill = regions.of((remade.simulated - remade.well) * spread).abs()
    young, old = (ill / differences.regions).chunk(2)
    return {
        "image": mse_loss(remade.simulated, remade.seen),
        "class": cross_entropy(remade.outputs, torch.cat([pairs.diagnosis] * 2)),
        "age": mse_loss(remade.ages, torch.cat([pairs.young, pairs.old])),
        "voxels": (error / differences.voxels).square().mean(),
        "regions": (regions.of(error) / differences.regions).square().mean() + (young - old).relu().mean(),
    }
