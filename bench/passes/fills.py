"""Intensities that stand for a covered or erased part of an image: its mean, its spread and its blurs."""

from collections.abc import Callable

import torch
from scipy.ndimage import gaussian_filter
from torch import Tensor


def domain_mean(images: Tensor, domain: Tensor | None) -> Tensor:
    """Mean (N, 1, 1, 1, 1) of each image within its domain; of the whole image where no domain is given, or empty."""
    return _over_domain(images, domain, torch.mean)


def domain_sd(images: Tensor, domain: Tensor | None) -> Tensor:
    """Standard deviation (N, 1, 1, 1, 1) of each image within its domain, over its n voxels (not n - 1)."""
    return _over_domain(images, domain, lambda values: values.std(correction=0))


def blurred(image: Tensor, sigma: float) -> Tensor:
    """One image (1, D, H, W) under a Gaussian of `sigma` voxels, its border repeated outwards."""
    smooth = gaussian_filter(image[0].cpu().numpy(), sigma, mode="nearest")
    return torch.from_numpy(smooth)[None].to(image)


def blurred_within(image: Tensor, inside: Tensor, sigma: float) -> Tensor:
    """One image (1, D, H, W) under a Gaussian of `sigma` voxels that sees the voxels `inside` only."""
    weight = gaussian_filter(inside[0].cpu().double().numpy(), sigma)
    smooth = gaussian_filter((image * inside)[0].cpu().double().numpy(), sigma)
    return torch.as_tensor(smooth / weight.clip(1e-12)).to(image)[None]


def _over_domain(images: Tensor, domain: Tensor | None, statistic: Callable[[Tensor], Tensor]) -> Tensor:
    """Row by row, so that a row's number does not depend on its batch."""
    rows = []
    for row, image in enumerate(images.detach()):
        inside = None if domain is None else domain[row].to(image.device, torch.bool)
        rows.append(statistic(image if inside is None or not inside.any() else image[inside]))
    return torch.stack(rows).reshape(-1, 1, 1, 1, 1)
