"""Gradients over noisy copies of the image: their mean square and their variance (their mean is SmoothGrad)."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from bench.contracts import Context, Count, MethodTags, NonNegative, Target, bounded
from methods._shared.noise import noisy_gradients


def _tags() -> MethodTags:
    return MethodTags(
        "gradient",
        "location",
        signed=False,
        stochastic=True,
        laws=frozenset({"shift", "implementation"}),
        cost="samples * (forward + backward)",
    )


@bounded
@dataclass(frozen=True)
class SmoothGradSquared:
    """SmoothGrad-squared: the mean square of noisy gradients.

    In squared score per squared intensity: the map of 3 f is nine times the map of f, and that of -f is the same.
    """

    samples: Count = 16
    noise: NonNegative = 0.5

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "Hooker et al. 2019, A benchmark for interpretability methods, NeurIPS"
    summary: ClassVar[str] = "The mean squared gradient over noisy copies of the image; noise as in SmoothGrad."
    tags: ClassVar[MethodTags] = _tags()
    note: ClassVar[str] = "squares: no sign, and large gradients count for more"

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Tensor:
        """Map (N, 1, D, H, W), not negative."""
        total = torch.zeros_like(inputs, memory_format=torch.contiguous_format)
        for slope in noisy_gradients(model, inputs, target, context or Context(), self.samples, self.noise):
            total += slope.square()
        return (total / self.samples).detach()


@bounded
@dataclass(frozen=True)
class VarGrad:
    """VarGrad: the variance of noisy gradients.

    It equals SmoothGrad-squared minus SmoothGrad's square under the same noise, but is gathered by Welford's running
    mean, which does not lose its digits where the gradient hardly varies. Zero on a linear model.
    """

    samples: Count = 16
    noise: NonNegative = 0.5

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "Adebayo et al. 2018, Local explanation methods for deep neural networks, ICLR workshop"
    summary: ClassVar[str] = (
        "The variance of the gradient over noisy copies of the image (divided by the number of samples)."
    )
    tags: ClassVar[MethodTags] = _tags()
    note: ClassVar[str] = "how the gradient varies nearby; zero on a linear model"

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Tensor:
        """Map (N, 1, D, H, W), not negative."""
        mean = torch.zeros_like(inputs, memory_format=torch.contiguous_format).detach()
        squares = torch.zeros_like(mean)
        slopes = noisy_gradients(model, inputs, target, context or Context(), self.samples, self.noise)
        for count, slope in enumerate(slopes, 1):
            away = slope - mean
            mean = mean + away / count
            squares += away * (slope - mean)
        return squares.clamp(min=0) / self.samples
