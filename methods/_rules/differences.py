"""DeepLIFT's rescale rule: slopes between an image and its reference, which pass through the network as one batch.

The first half of every batch belongs to the images, the second to their references. Slopes are passed back to the
first half alone, so that multiplier * (x - x_reference) adds up to the same difference of scores at every depth.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from methods._rules.call import Call
from methods._rules.pooling import sharing


def rescaled(call: Call) -> Tensor:
    """At a ReLU the slope is (y - y_ref) / (x - x_ref); the derivative where the two agree (Shrikumar et al. 2017)."""
    return _Rescaled.apply(call.argument(0, "input"))


def picked(call: Call) -> Tensor:
    """At max pooling the difference of outputs goes to the larger one's place, divided by the difference there.

    That is the place of the maximum in the image where its output is larger, and in the reference where that is; equal
    maxima share. The difference there is at least that of the outputs, so no slope is above one in size.
    """
    return _Picked.apply(call.tracked[0], call(), sharing(call))


class _Rescaled(torch.autograd.Function):
    """max(x, 0) with the slope between the halves."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return x.clamp(min=0)

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        image, reference = x.chunk(2)
        rise, run = image.clamp(min=0) - reference.clamp(min=0), image - reference
        slope = (rise / run.where(run != 0, 1.0)).where(run != 0, (image > 0).to(x))
        return _first_half(slopes[0].chunk(2)[0] * slope)


class _Picked(torch.autograd.Function):
    """The output y of max pooling x, with the slope between the halves; `pool` is the pooling that shares at ties."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, y: Tensor, pool: Callable[[Tensor], Tensor]) -> Tensor:
        ctx.save_for_backward(x, y)
        ctx.pool = pool
        return y.view_as(y)

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor) -> tuple[Tensor, None, None]:
        x, y = ctx.saved_tensors
        image, reference = y.chunk(2)
        change = slopes[0].chunk(2)[0] * (image - reference)
        larger = torch.cat([image > reference, image < reference])
        with torch.enable_grad():
            both = x.detach().requires_grad_()
            (routed,) = torch.autograd.grad(ctx.pool(both), both, larger * torch.cat([change, change]))
        run = torch.subtract(*x.chunk(2))
        total = torch.add(*routed.chunk(2))
        return _first_half((total / run.where(run != 0, 1.0)).where(run != 0, 0.0)), None, None


def _first_half(slope: Tensor) -> Tensor:
    return torch.cat([slope, torch.zeros_like(slope)])
