"""What an image is compared with: its domain's mean and spread, and the reference images made of them."""

from collections.abc import Callable
from typing import Literal

import torch
from scipy.ndimage import gaussian_filter
from torch import Tensor

from bench.contracts import Context

Baseline = Literal["zero", "mean"]


def spread(inputs: Tensor, context: Context) -> Tensor:
    """Each image's standard deviation within its domain, (N, 1, 1, 1, 1); the whole image where no domain is given."""
    return _over_domain(inputs, context, lambda values: values.std(correction=0))


def mean(inputs: Tensor, context: Context) -> Tensor:
    """Each image's mean within its domain, (N, 1, 1, 1, 1)."""
    return _over_domain(inputs, context, torch.mean)


def baseline(inputs: Tensor, kind: Baseline, context: Context) -> Tensor:
    """The constant reference image of each row, shaped like inputs."""
    level = mean(inputs, context) if kind == "mean" else torch.zeros_like(inputs[:, :1, :1, :1, :1])
    return level.expand_as(inputs)


def blurred(image: Tensor, sigma: float) -> Tensor:
    """One image (1, D, H, W) under a Gaussian of `sigma` voxels, its border repeated outwards."""
    smooth = gaussian_filter(image[0].cpu().numpy(), sigma, mode="nearest")
    return torch.from_numpy(smooth)[None].to(image)


def _over_domain(inputs: Tensor, context: Context, statistic: Callable[[Tensor], Tensor]) -> Tensor:
    """Row by row, so that a row's number does not depend on its batch."""
    rows = []
    for row, image in enumerate(inputs.detach()):
        inside = None if context.domain is None else context.domain[row].to(image.device, torch.bool)
        rows.append(statistic(image if inside is None or not inside.any() else image[inside]))
    return torch.stack(rows).reshape(-1, 1, 1, 1, 1)
