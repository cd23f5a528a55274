"""Gradients over noisy copies of the image."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from bench.contracts import Context, Target
from bench.passes import gradient
from bench.passes.fills import domain_sd


def noisy_gradients(
    model: nn.Module, inputs: Tensor, target: Target, context: Context, samples: int, noise: float
) -> Iterator[Tensor]:
    """Gradients (N, 1, D, H, W) at `samples` noisy copies of the images.

    noise: standard deviation in units of the image's own within its domain. Each subject's noise comes from its own
    generator and is the same in every batch.
    """
    scale = noise * domain_sd(inputs, context.domain)
    generators = [context.generator(row) for row in range(len(inputs))]
    for _ in range(samples):
        drawn = torch.stack([torch.randn(inputs.shape[1:], generator=generator) for generator in generators])
        yield gradient(model, inputs.detach() + scale * drawn.to(inputs), target)
