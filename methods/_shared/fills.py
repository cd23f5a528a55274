"""Images under a cover: a number, their own mean, their blur, or noise."""

from dataclasses import replace
from typing import Literal

import torch
from torch import Tensor

from bench.contracts import Context, Finite, MethodTags
from bench.passes.fills import blurred, domain_mean, domain_sd

#: `zero`; `mean` of the subject within its domain; `blur`, the whole image under a Gaussian, its border repeated;
#: `noise`, normal with the subject's mean and standard deviation in its domain, one draw per subject. Or a number.
Fill = Literal["zero", "mean", "blur", "noise"] | Finite
#: standard deviation in voxels of the blur where parts have no one size
SMOOTHING = 4.0


def tags_of_fill(tags: MethodTags, fill: Fill) -> MethodTags:
    """The tags of a method that covers by this fill, which is its reference."""
    if not isinstance(fill, str):
        return replace(tags, reference_class="number" if fill else "zero")
    return replace(tags, reference_class=fill)


class Covering:
    """A method that covers parts of an image, and so compares it with the image that is covered everywhere."""

    fill: Fill

    @property
    def smoothing(self) -> float:
        """Standard deviation in voxels of the blur."""
        return SMOOTHING

    def covering(self, inputs: Tensor, context: Context | None = None) -> Tensor:
        """The images (N, 1, D, H, W) as they would be if covered everywhere."""
        return covered(inputs, self.fill, context or Context(), self.smoothing)


def covered(inputs: Tensor, fill: Fill, context: Context, sigma: float = SMOOTHING) -> Tensor:
    """The images (N, 1, D, H, W) as they would be if covered everywhere; sigma: of the blur, in voxels."""
    if not isinstance(fill, str):
        return torch.full_like(inputs, fill)
    if fill == "zero":
        return torch.zeros_like(inputs)
    if fill == "blur":
        return torch.stack([blurred(image, sigma) for image in inputs])
    level = domain_mean(inputs, context.domain)
    if fill == "mean":
        return level.expand_as(inputs)
    draws = [torch.randn(image.shape, generator=context.generator(row)) for row, image in enumerate(inputs)]
    return level + domain_sd(inputs, context.domain) * torch.stack(draws).to(inputs)
