"""Rules for the layer that reads the image, whose voxels may be negative, or zero and yet matter."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from bench.contracts import Unsupported
from bench.passes.nested import tensors_in
from methods._rules.call import Call
from methods._rules.engine import Rule, intercepted
from methods._rules.shares import ELEMENTWISE, WEIGHTED, over, unbiased, with_shares


def relevance_of_image(model: nn.Module, first: Rule, hidden: Rule) -> Callable[[Tensor], Tensor]:
    """The pass whose derivative is the relevance itself: `first` where the image is read, `hidden` after it.

    The image stays the image through shifts and scales of single voxels, paddings and reshapes. Raises Unsupported
    where it is read by anything else than weights.
    """

    def run(image: Tensor) -> Tensor:
        reading = _Reading(image, first, hidden)
        others = dict.fromkeys(("relu", "pick", "gated"), reading.other)
        rules = {"affine": reading.affine, "move": reading.move, **others}
        return intercepted(model, rules)(image)  # type: ignore[arg-type]

    return run


def squared_weights(call: Call) -> Tensor:
    """R_i = sum_j w_ij^2 / sum_i w_ij^2 R_j (Montavon et al. 2017, w^2 rule), as the derivative itself."""
    y, squares = call(), unbiased(call).with_constants(torch.square)
    return with_shares(y, (squares.with_tracked(lambda x: x), over(y, squares.with_tracked(torch.ones_like))))


def box(call: Call) -> Tensor:
    """R_i = sum_j (x_i w_ij - l w_ij+ - h w_ij-) / d_j R_j, d_j their sum (Montavon et al. 2017, z^B rule).

    l and h are the lowest and highest value of the image, or 0 where that lies beyond it.
    """
    y, linear = call(), unbiased(call)
    rise, fall = (linear.with_constants(part) for part in (lambda w: w.clamp(min=0), lambda w: w.clamp(max=0)))

    def terms(at: Callable[[Tensor], Tensor], bound: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
        low, high = (lambda x, sign=sign: bound(x, _bound(x, sign)) for sign in (-1, 1))
        return linear.with_tracked(at) - rise.with_tracked(low) - fall.with_tracked(high)

    below = terms(lambda x: x, lambda x, level: level.expand_as(x))
    # the same terms with derivatives x_i, l and h with respect to x_i
    return with_shares(y, (terms(lambda x: x * x.detach(), lambda x, level: x * level), over(y, below)))


class _Reading:
    """One pass; knows the image, moved or rescaled, from what was computed of it."""

    def __init__(self, image: Tensor, first: Rule, hidden: Rule):
        self.images = [image]
        self.first, self.hidden = first, hidden

    def affine(self, call: Call) -> Any:
        if not self._reads(call):
            return self.hidden(call)
        if call.name in WEIGHTED:
            return self.first(call)
        y = call()
        if call.name not in ELEMENTWISE or len(call.tracked) != 1 or y.shape != call.tracked[0].shape:
            raise _refused(call)
        return self._kept(with_shares(y, (call.tracked[0], torch.ones_like(y))))

    def move(self, call: Call) -> Any:
        return self._kept(call()) if self._reads(call) else call()

    def other(self, call: Call) -> Any:
        if self._reads(call):
            raise _refused(call)
        return call()

    def _reads(self, call: Call) -> bool:
        answers = {any(t is image for image in self.images) for t in call.tracked}
        if len(answers) > 1:
            raise _refused(call)
        return answers.pop()

    def _kept(self, result: Any) -> Any:
        self.images += tensors_in(result)
        return result


def _refused(call: Call) -> Unsupported:
    return Unsupported(f"the image is read by '{call.name}', for which there is no rule")


def _bound(x: Tensor, sign: int) -> Tensor:
    """The lowest (-1) or highest (1) value of each row, with zero always between the two."""
    return sign * (sign * x.detach()).amax(tuple(range(1, x.ndim)), keepdim=True).clamp(min=0)
