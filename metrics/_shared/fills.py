"""What an image looks like where it is erased, also by what only a simulator knows."""

from typing import Literal

import torch
from torch import Tensor

from bench.contracts import Context, Undefined
from metrics._shared.domain import domain_of
from metrics.perturbations import Fill, filled

#: what only a simulator knows
Plausible = Literal["redraw", "twin"]


def replacement(inputs: Tensor, context: Context, row: int, fill: Fill | Plausible) -> Tensor:
    """The image (1, D, H, W) that stands for the subject in this row of inputs (N, 1, D, H, W) where it is erased.

    zero, mean, blur: as `metrics.perturbations.filled`. redraw: every region as the simulator draws it anew, whatever
    the subject's own; voxels of no region stay. twin: the subject with the other state of its pathology. Raises
    `Undefined` for the last two where no simulator stands behind the images.
    """
    if fill == "redraw":
        made = context.memo(("redrawn", _subject(context, row)), lambda: _redrawn(inputs[row], context, row))
        return torch.as_tensor(made).to(inputs)
    if fill == "twin":
        twin = context.twin
        if twin is None:
            raise Undefined("erasing towards the twin needs a simulator behind the images")
        return twin(_subject(context, row)).to(inputs)
    return filled(inputs[row], domain_of(context, inputs)[row], fill)


def _subject(context: Context, row: int) -> int:
    return context.subjects[row] if context.subjects else row


def _redrawn(image: Tensor, context: Context, row: int) -> Tensor:
    """The image with each region taken from the first of its redraws."""
    if context.redraws is None or context.regions is None:
        raise Undefined("erasing by redrawing needs a simulator behind the images")
    drawn, labels = context.redraws(_subject(context, row)), context.regions[row].to(image.device)
    count, made = len(context.region_names), image.clone()
    for region in range(count):
        inside = labels == region + 1
        made[inside] = drawn[region * (len(drawn) // count)].to(image)[inside]
    return made
