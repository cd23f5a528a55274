"""Images where they are erased, also by what only a simulator knows."""

from typing import Literal

import torch
from torch import Tensor

from bench.contracts import Context, Undefined
from bench.passes.fills import blurred_within, domain_mean
from metrics._shared.domain import domain_of

#: `domain_blur` is no `blur` of methods, which covers the background too and so blurs the whole image
Erasure = Literal["zero", "mean", "domain_blur"]
#: what only a simulator knows
Plausible = Literal["redraw", "twin"]
#: standard deviation of the Gaussian that fills a hole, in voxels
_SMOOTHING = 3.0


def erased(image: Tensor, inside: Tensor, fill: Erasure) -> Tensor:
    """An image (1, D, H, W) as it is where it is erased.

    zero: intensity 0. mean: its mean in the domain. domain_blur: the mean of its domain voxels under a Gaussian of SD
    3 voxels, so that the background does not darken the rim.
    """
    if fill == "zero":
        return torch.zeros_like(image)
    if fill == "mean":
        return domain_mean(image[None], inside[None])[0].expand_as(image)
    return blurred_within(image, inside, _SMOOTHING)


def replacement(inputs: Tensor, context: Context, row: int, fill: Erasure | Plausible) -> Tensor:
    """The image (1, D, H, W) that stands for the subject in this row of inputs (N, 1, D, H, W) where it is erased.

    zero, mean, domain_blur: as `erased`. redraw: every region as the simulator draws it anew, whatever the subject's
    own; voxels of no region stay. twin: the subject with the other state of its pathology. Raises
    `Undefined` for the last two where no simulator stands behind the images.
    """
    if fill == "redraw":
        redrawn = context.memo(("redrawn", context.subject(row)), lambda: _redrawn(inputs[row], context, row))
        return torch.as_tensor(redrawn).to(inputs)
    if fill == "twin":
        twin = context.twin
        if twin is None:
            raise Undefined("erasing towards the twin needs a simulator behind the images")
        return twin(context.subject(row)).to(inputs)
    return erased(inputs[row], domain_of(context, inputs)[row], fill)


def _redrawn(image: Tensor, context: Context, row: int) -> Tensor:
    """The image with each region taken from the first of its redraws."""
    if context.redraws is None or context.regions is None:
        raise Undefined("erasing by redrawing needs a simulator behind the images")
    drawn, labels = context.redraws(context.subject(row)), context.regions[row].to(image.device)
    count, result = len(context.region_names), image.clone()
    for region in range(count):
        inside = labels == region + 1
        result[inside] = drawn[region * (len(drawn) // count)].to(image)[inside]
    return result
