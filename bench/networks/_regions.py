"""Regions in networks that read them: the voxels of each, and maps of region values."""

from collections.abc import Sequence

import torch
from torch import Tensor

from bench.contracts import BadInput, known


def members(network: str, in_shape: Sequence[int], regions: Tensor | None) -> Tensor:
    """Voxels of each region: (R, D * H * W) bool, in the order of labels; labels that no voxel has are left out.

    regions: (D, H, W) whole numbers, 0 outside.

    Raises:
        BadInput: without a label map, for one of another grid, and for one without regions.
    """
    if regions is None:
        raise BadInput(
            f"network {network}: it reads regions and was given none; use a simulator with named regions, or pass "
            f"`regions`, a label map of shape {tuple(in_shape)}"
        )
    if tuple(regions.shape) != tuple(in_shape) or regions.is_floating_point() or not (regions > 0).any():
        raise BadInput(
            f"network {network}: a label map of shape {tuple(regions.shape)} and type {regions.dtype} does not fit; "
            f"give whole numbers of shape {tuple(in_shape)}, 0 outside and from 1 in regions"
        )
    flat = regions.flatten()
    return flat == flat[flat > 0].unique()[:, None]


def named_members(
    network: str, in_shape: Sequence[int], regions: Tensor | None, names: Sequence[str], wanted: Sequence[str]
) -> Tensor:
    """Voxels of the regions wanted, in their order: (len(wanted), D * H * W) bool.

    regions: as for `members`, label r is `names[r - 1]`.

    Raises:
        BadInput: as `members` does, and for a region that has no name or no voxel here.
    """
    members(network, in_shape, regions)
    assert regions is not None
    for name in wanted:
        known(f"network {network}", "region", name, names)
    masks = torch.stack([regions.flatten() == 1 + names.index(name) for name in wanted])
    for name, voxels in zip(wanted, masks, strict=True):
        if not voxels.any():
            raise BadInput(
                f"network {network}: '{name}' has no voxel on this grid; name another region or take a finer grid"
            )
    return masks


def even_maps(values: Tensor, voxels: Tensor, shape: Sequence[int]) -> Tensor:
    """Values of regions (N, K, R) as maps (N, K, D, H, W): even over each region, so that its sum is its value.

    voxels: (R, D * H * W) bool, of `members`. Voxels of no region are zero.
    """
    even = voxels / voxels.sum(1, keepdim=True)
    return (values @ even.to(values)).unflatten(2, tuple(shape))
