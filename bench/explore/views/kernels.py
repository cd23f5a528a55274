"""The kernels of the first layer, and how different the filters of every layer are."""

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from bench.contracts import Unsupported
from bench.explore.views.layers import WEIGHTED, convolutions


def kernels(model: nn.Module, shape: tuple[int, int, int]) -> Tensor:
    """Kernels of the first layer: (C, k, k, k) of a convolution of the image, (K, D, H, W) of a linear layer.

    shape: grid of the images.

    Raises:
        Unsupported: where the first layer reads anything but the image.
    """
    first = next((m for m in model.modules() if isinstance(m, WEIGHTED)), None)
    if isinstance(first, nn.Conv3d) and first.in_channels == 1:
        return first.weight.detach()[:, 0].contiguous()
    if isinstance(first, nn.Linear) and first.in_features == np.prod(shape):
        return first.weight.detach().view(-1, *shape)
    raise Unsupported("the first layer of this network does not read the image voxel by voxel")


def filter_diversity(model: nn.Module) -> pd.DataFrame:
    """Diversity of the filters of each convolution; one row per layer.

    similarity: mean |cosine| of two filters, 0 for orthogonal ones. expected: the same for normal random filters of
    that size, sqrt(2 / (pi n)) for large n. rank: exp of the entropy of the normalised singular values (effective
    rank, Roy & Vetterli 2007, EUSIPCO), at most `filters`; share: rank over the most there could be. dead: filters
    whose norm is below a thousandth of the largest.
    """
    return pd.DataFrame([{"layer": name, **_layer(c.weight.detach())} for name, c in convolutions(model).items()])


def _layer(weight: Tensor) -> dict[str, float]:
    filters = weight.flatten(1).double()
    norms = filters.norm(dim=1)
    directions = filters / norms.clamp(min=1e-12)[:, None]
    cosine = (directions @ directions.T).abs()
    count, size = filters.shape
    rank = effective_rank(torch.linalg.svdvals(filters))
    return {
        "filters": count,
        "similarity": float((cosine.sum() - cosine.trace()) / max(1, count * (count - 1))),
        "expected": float(np.sqrt(2 / (np.pi * size))),
        "rank": rank,
        "share": rank / min(count, size),
        "dead": int((norms < 1e-3 * norms.max()).sum()),
    }


def effective_rank(singular: Tensor) -> float:
    """exp of the entropy of singular values taken as a distribution."""
    share = singular / singular.sum()
    share = share[share > 0]
    return float((-(share * share.log()).sum()).exp())
