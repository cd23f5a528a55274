"""DeepLIFT's rescale rule: slopes between an image and its reference, whose pass through the network comes first.

The operations of the image's pass meet those of the reference's in the order of the pass, so a network may stack, cut
or move its rows as it likes. multiplier * (x - x_reference) adds up to the same difference of scores at every depth.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from bench.contracts import Unsupported
from methods._rules.call import Call
from methods._rules.engine import Rule
from methods._rules.pooling import sharing


class References:
    """What the operations of the reference's pass read, in their order; then each is asked for once more.

    While they are gathered each operation is its own reference.
    """

    def __init__(self) -> None:
        self.read: list[tuple[str, tuple[Tensor, ...]]] = []
        self.place: int | None = None

    def follow(self) -> None:
        """The pass of the reference is over; that of the image begins."""
        self.place = 0

    def of(self, call: Call) -> tuple[Tensor, ...]:
        """The tensors that stand in the reference's pass where `call.tracked` stand in the image's.

        Raises Unsupported where the two passes take different ways.
        """
        read = call.name, tuple(t.detach() for t in call.tracked)
        if self.place is None:
            self.read.append(read)
            return read[1]
        name, tensors = self.read[self.place] if self.place < len(self.read) else ("", ())
        if name != call.name or [t.shape for t in tensors] != [t.shape for t in call.tracked]:
            raise Unsupported(f"'{call.name}' on the image has no counterpart on its reference: the network branches")
        self.place += 1
        return tensors


def rescaled(references: References) -> Rule:
    """At a ReLU the slope is (y - y_ref) / (x - x_ref); the derivative where the two agree (Shrikumar et al. 2017)."""

    def rule(call: Call) -> Tensor:
        (reference,) = references.of(call)
        return _Rescaled.apply(call.argument(0, "input"), reference)

    return rule


def picked(references: References) -> Rule:
    """At max pooling the difference of outputs goes to the larger one's place, divided by the difference there.

    That is the place of the maximum in the image where its output is larger, and in the reference where that is; equal
    maxima share. The difference there is at least that of the outputs, so no slope is above one in size.
    """

    def rule(call: Call) -> Tensor:
        (reference,) = references.of(call)
        return _Picked.apply(call.tracked[0], call(), reference, sharing(call))

    return rule


class _Rescaled(torch.autograd.Function):
    """max(x, 0) with the slope between the image's and the reference's."""

    @staticmethod
    def forward(ctx: Any, image: Tensor, reference: Tensor) -> Tensor:
        ctx.save_for_backward(image, reference)
        return image.clamp(min=0)

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor) -> tuple[Tensor, None]:
        image, reference = ctx.saved_tensors
        run = image - reference
        agree = run == 0
        rise = image.clamp(min=0).sub_(reference.clamp(min=0))
        # in place, as volumes that are new to the process are slow; where the two agree the rise is 0
        slope = rise.div_(run.masked_fill_(agree, 1.0)).add_(agree.logical_and_(image > 0))
        return slope.mul_(slopes[0]), None


class _Picked(torch.autograd.Function):
    """The output y of max pooling, with the slope between the two; `pool` is the pooling that shares at ties."""

    @staticmethod
    def forward(ctx: Any, image: Tensor, y: Tensor, reference: Tensor, pool: Callable[[Tensor], Tensor]) -> Tensor:
        ctx.save_for_backward(image, reference, y)
        ctx.pool = pool
        return y.view_as(y)

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor) -> tuple[Tensor, None, None, None]:
        image, reference, y = ctx.saved_tensors
        with torch.enable_grad():
            both = [t.detach().requires_grad_() for t in (image, reference)]
            pooled = [ctx.pool(t) for t in both]
            change = slopes[0] * (y - pooled[1].detach())
            larger = y > pooled[1], y < pooled[1]
            routed = [torch.autograd.grad(p, t, m * change)[0] for p, t, m in zip(pooled, both, larger, strict=True)]
        run, total = image - reference, torch.add(*routed)
        agree = run == 0
        return total.div_(run.masked_fill_(agree, 1.0)).masked_fill_(agree, 0.0), None, None, None
