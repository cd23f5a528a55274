"""DeepLIFT's rules at activations that are smooth, such as GELU: slopes between an image and its reference."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from methods._rules.call import Call
from methods._rules.differences import References
from methods._rules.engine import Rule

Activation = Callable[[Tensor], Tensor]
#: below this distance of an image and its reference a slope is the derivative; the quotient, taken in double precision,
#: would be rounding
NEAR = 1e-8


def activation_of(call: Call) -> Activation:
    """The activation of the call as a function."""
    return lambda x: call.with_tensors(lambda _: x)()


def rescaled_smoothly(references: References) -> Rule:
    """The slope (y - y_ref) / (x - x_ref), the derivative where the two agree (Shrikumar et al. 2017, eq. 9)."""

    def rule(call: Call) -> Tensor:
        (reference,) = references.of(call)
        return _Slope.apply(call.argument(0, "input"), reference, activation_of(call))

    return rule


class _Slope(torch.autograd.Function):
    """An activation with the slope between the image's and the reference's."""

    @staticmethod
    def forward(ctx: Any, image: Tensor, reference: Tensor, activation: Activation) -> Tensor:
        ctx.save_for_backward(image, reference)
        ctx.activation = activation
        return activation(image)

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor) -> tuple[Tensor, None, None]:
        image, reference = (t.double() for t in ctx.saved_tensors)
        with torch.enable_grad():
            x = image.detach().requires_grad_()
            y = ctx.activation(x)
            (derivative,) = torch.autograd.grad(y.sum(), x)
        rise, run = y.detach() - ctx.activation(reference), image - reference
        far = run.abs() > NEAR
        return slopes[0] * (rise / run.where(far, 1.0)).where(far, derivative).to(slopes[0]), None, None
