"""Reference images: what an image is compared with, and what a method that names one declares of itself.

A reference decides the question. From zero, a region owns all that its brightness does to the score, also what every
subject shares; from the mean of controls, what sets the subject apart from them; from the redraw mean, what `use` asks.
On a linear score w x the contributions of a region sum to w (x - b), and its `use` is w (x - E x), E x the mean of
redraws: they are equal where b is the redraw mean, and from zero they differ by w E x, which has nothing to do with the
subject.
"""

from dataclasses import replace
from typing import Literal

import torch
from torch import Tensor

from bench.contracts import Context, MethodTags, Undefined
from bench.passes.fills import domain_mean
from methods._shared.background import controls

#: `zero`; `mean`, the constant image at the subject's own mean within its domain; `controls`, the mean image of the
#: training controls; `redraw`, the subject with every region as it is in the mean of the simulator's redraws
Baseline = Literal["zero", "mean", "controls", "redraw"]


def baseline(inputs: Tensor, kind: Baseline, context: Context) -> Tensor:
    """The reference image of each row, shaped like inputs (N, 1, D, H, W).

    Raises Undefined for `redraw` where no simulator stands behind the images.
    """
    if kind == "zero":
        return torch.zeros_like(inputs[:, :1, :1, :1, :1]).expand_as(inputs)
    if kind == "mean":
        return domain_mean(inputs, context.domain).expand_as(inputs)
    if kind == "controls":
        middle: Tensor = context.training_memo("mean of controls", lambda: controls(inputs, context).mean(0))
        return middle.to(inputs).expand_as(inputs)
    if context.redraw_mean is None:
        raise Undefined("the mean of redraws needs a simulator behind the images")
    return torch.stack([context.redraw_mean(subject) for subject in context.subjects]).to(inputs)


def unless_zero(start: Tensor) -> Tensor | None:
    """References as an attribution holds them: None where they are zero."""
    return start.contiguous() if start.any() else None


def tags_of_baseline(tags: MethodTags, kind: Baseline) -> MethodTags:
    """The tags of a method with this baseline: its reference class and needs; redraws make it an oracle."""
    if kind == "redraw":
        return replace(tags, role="oracle", needs=tags.needs | {"redraw_mean"}, reference_class=kind)
    return replace(tags, needs=tags.needs | ({"training"} if kind == "controls" else set()), reference_class=kind)
