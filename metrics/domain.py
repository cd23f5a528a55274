"""The voxels a metric looks at, and the spread of an image in them."""

import torch
from torch import Tensor

from bench.contracts import Context


def domain_of(context: Context, like: Tensor) -> Tensor:
    """The context's domain, (N, 1, D, H, W) bool; every voxel of `like` in library use without one."""
    if context.domain is None:
        return torch.ones_like(like, dtype=torch.bool)
    return context.domain.to(device=like.device, dtype=torch.bool)


def spread(images: Tensor, domain: Tensor) -> Tensor:
    """(N,) standard deviation of each image inside its domain, in units of intensity."""
    return torch.stack([image[inside].double().std() for image, inside in zip(images, domain, strict=True)]).float()
