"""Gradient methods: how the explained score changes with each voxel."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from bench.contracts import Attribution, Context, Count, MethodTags, NonNegative, Target, bounded
from bench.passes import gradient
from methods._shared.noise import noisy_gradients

_LAWS = frozenset({"linear", "scale", "sign", "shift", "implementation"})


@dataclass(frozen=True)
class Gradient:
    """Gradient of the explained score."""

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "Simonyan, Vedaldi and Zisserman 2014, Deep inside convolutional networks, ICLR workshop"
    summary: ClassVar[str] = "The derivative of the explained score with respect to each voxel, signed."
    tags: ClassVar[MethodTags] = MethodTags("gradient", "sensitivity", laws=_LAWS, cost="forward + backward")
    note: ClassVar[str] = "local: says nothing of what a large change would do"

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Tensor:
        """Map (N, 1, D, H, W) in score per unit of intensity."""
        return gradient(model, inputs, target)


@dataclass(frozen=True)
class GradientXInput:
    """Gradient times input."""

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "Shrikumar et al. 2016, Not just a black box, arXiv:1605.01713"
    summary: ClassVar[str] = "The gradient times the image: the change to first order on taking a voxel to zero."
    tags: ClassVar[MethodTags] = MethodTags(
        "gradient", "contribution", laws=_LAWS, reference_class="zero", cost="forward + backward"
    )
    note: ClassVar[str] = "baseline 0; zero wherever the image is zero"

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Attribution:
        """Map (N, 1, D, H, W) in score; the multiplier is the gradient, the baseline zero."""
        slope = gradient(model, inputs, target)
        return Attribution((slope * inputs.detach()).contiguous(), slope)


@bounded
@dataclass(frozen=True)
class SmoothGrad:
    """SmoothGrad: gradients averaged over noise.

    noise: standard deviation of the noise in units of the image's own within its domain. With noise 0 it is the
    gradient. Each subject's noise comes from its own generator and is the same in every batch.
    """

    samples: Count = 16
    noise: NonNegative = 0.5

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "Smilkov et al. 2017, SmoothGrad: removing noise by adding noise, arXiv:1706.03825"
    summary: ClassVar[str] = "The mean gradient over noisy copies of the image."
    tags: ClassVar[MethodTags] = MethodTags(
        "gradient", "sensitivity", stochastic=True, laws=_LAWS, cost="samples * (forward + backward)"
    )
    note: ClassVar[str] = "noise in units of the image's standard deviation in its domain"

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Tensor:
        """Map (N, 1, D, H, W) in score per unit of intensity."""
        total = torch.zeros_like(inputs, memory_format=torch.contiguous_format)
        for slope in noisy_gradients(model, inputs, target, context or Context(), self.samples, self.noise):
            total += slope
        return total / self.samples
