"""Random maps that are as smooth as maps are: a floor that smoothness alone cannot clear."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from scipy.ndimage import gaussian_filter
from torch import Tensor, nn

from bench.contracts import Context, MethodTags, Positive, Target, bounded


def _tags() -> MethodTags:
    return MethodTags("control", "location", role="control", stochastic=True, reads_model=False, cost="0")


def _noise(inputs: Tensor, context: Context) -> Tensor:
    """Standard normal voxels, one draw per subject."""
    rows = [torch.randn(image.shape, generator=context.generator(row)) for row, image in enumerate(inputs)]
    return torch.stack(rows).to(inputs)


@bounded
@dataclass(frozen=True)
class SmoothRandom:
    """Smooth noise."""

    sigma: Positive = 2.0

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "none: a control"
    summary: ClassVar[str] = (
        "Normal noise under a Gaussian of `sigma` voxels that wraps around the volume, scaled to variance 1."
    )
    tags: ClassVar[MethodTags] = _tags()
    note: ClassVar[str] = "normal noise as smooth as a Gaussian of `sigma` voxels makes it"

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Tensor:
        """Map (N, 1, D, H, W)."""
        rows = [self._smooth(image[0]) for image in _noise(inputs.detach(), context or Context())]
        return torch.stack(rows)[:, None].to(inputs).contiguous()

    def _smooth(self, noise: Tensor) -> Tensor:
        impulse = np.zeros(2 * round(5 * self.sigma) + 1)
        impulse[len(impulse) // 2] = 1
        spread = np.square(gaussian_filter(impulse, self.sigma)).sum() ** 1.5
        return torch.from_numpy(gaussian_filter(noise.double().cpu().numpy(), self.sigma, mode="wrap") / spread)


@dataclass(frozen=True)
class VariogramRandom:
    """Noise with the autocorrelation of the image.

    The amplitude of every spatial frequency is the image's, its phase that of normal noise. Offsets wrap around the
    volume, and the mean is the image's.
    """

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = (
        "Theiler et al. 1992, Testing for nonlinearity in time series, Physica D (phases); "
        "Burt et al. 2020, Generative modeling of brain maps with spatial autocorrelation, NeuroImage (the purpose)"
    )
    summary: ClassVar[str] = (
        "Noise with the image's own variogram: how alike two voxels are depends on their offset as it does in "
        "the image."
    )
    tags: ClassVar[MethodTags] = _tags()
    note: ClassVar[str] = "noise with the image's own spatial autocorrelation"

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Tensor:
        """Map (N, 1, D, H, W) in intensity."""
        space, x = (2, 3, 4), inputs.detach()
        phase = torch.fft.rfftn(_noise(x, context or Context()), dim=space)
        # sign of the mean is kept: it belongs to no offset
        phase[:, :, 0, 0, 0] = torch.fft.rfftn(x, dim=space)[:, :, 0, 0, 0]
        turned = torch.fft.rfftn(x, dim=space).abs() * torch.polar(torch.ones_like(phase.real), phase.angle())
        return torch.fft.irfftn(turned, s=x.shape[2:], dim=space).to(x).contiguous()
