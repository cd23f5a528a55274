"""Shape features: how much tissue each region holds and how bright it is, read from the image by fixed soft masks."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool3d, max_pool3d, one_hot

from bench.contracts import BadInput, Batch
from bench.networks._regions import even_maps, members

#: images whose features are computed at once when a network is fitted
_CHUNK = 64


class ShapeFeatures(nn.Module):
    """Tissue share and mean intensity of every region: (N, 1, D, H, W) -> (N, 2 R), shares first; differentiable.

    Tissue is sigmoid((x - threshold) / softness), averaged over the region and its neighbours a voxel away, so that
    tissue lost at the border counts; the mean is over the region with its border blurred by a box of three voxels.
    Masks are the template's: a subject's own deformation shows in what they read.

    regions: (D, H, W) labels, 0 outside. threshold, softness: in units of intensity; the defaults part tissue from
    fluid in T1-weighted images.
    """

    near: Tensor
    inner: Tensor
    voxels: Tensor

    def __init__(
        self, network: str, in_shape: Sequence[int], regions: Tensor | None, threshold: float, softness: float
    ) -> None:
        super().__init__()
        self.shape, self.threshold, self.softness = tuple(in_shape), threshold, softness
        voxels = members(network, in_shape, regions)
        volume = voxels.float().unflatten(1, self.shape)
        masks = {"near": max_pool3d(volume, 3, 1, 1), "inner": avg_pool3d(volume, 3, 1, 1)}
        for name, mask in masks.items():
            flat = mask.flatten(1)
            self.register_buffer(name, flat / flat.sum(1, keepdim=True), persistent=False)
        self.register_buffer("voxels", voxels, persistent=False)

    @property
    def count(self) -> int:
        """Features: two per region."""
        return 2 * len(self.voxels)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 1, D, H, W) -> (N, 2 R)."""
        flat = x.flatten(1)
        tissue = torch.sigmoid((flat - self.threshold) / self.softness)
        return torch.cat([tissue @ self.near.T, flat @ self.inner.T], 1)

    def map_of(self, contributions: Tensor) -> Tensor:
        """Contributions of features (N, K, 2 R) as maps (N, K, D, H, W): a region's two added, even over it."""
        return even_maps(contributions.unflatten(2, (2, -1)).sum(2), self.voxels, self.shape)


class Examples(NamedTuple):
    """Examples to fit: features (N, F) and targets, classes as (N, K) zeros and ones, values as (N, 1)."""

    features: Tensor
    targets: Tensor


def examples(network: str, features: ShapeFeatures, train: Batch, validation: Batch, outputs: int) -> list[Examples]:
    """Training and validation examples in double precision.

    Raises:
        BadInput: for a class without a training subject.
    """
    values = train.targets.is_floating_point()
    absent = [] if values else [label for label in range(outputs) if not (train.targets == label).any()]
    if absent:
        raise BadInput(
            f"network {network}: class {absent[0]} has no training subject; raise train.subjects, or change the "
            "task's shares of classes"
        )

    def example(batch: Batch) -> Examples:
        with torch.no_grad():
            read = torch.cat([features(part) for part in batch.images.split(_CHUNK)])
        return Examples(read.double(), (batch.targets[:, None] if values else one_hot(batch.targets, outputs)).double())

    return [example(train), example(validation)]
