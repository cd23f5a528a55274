"""Patterns: which direction in its input a unit's output follows, from data (Kindermans et al. 2018, eq. 4 to 6).

A weight cancels distractors and need not point where the signal is; a = cov(x, y) / (w . cov(x, y)) does.
"""

from collections.abc import Callable
from itertools import count

import torch
from torch import Tensor

from bench.contracts import Unsupported
from methods._rules.call import Call
from methods._rules.engine import Rule
from methods._rules.shares import MATRIX_PRODUCTS, WEIGHTED, over, unbiased, with_shares

#: of each unit: how often, the sum of y, and the sums of x and of x y over its inputs, in the shape of the weight
Sums = tuple[Tensor, Tensor, Tensor, Tensor]


class SignalPatterns:
    """Sums over data at every weighted operation of a pass, in the order of the pass."""

    def __init__(self) -> None:
        self.everywhere: list[Sums] = []
        self.positive: list[Sums] = []
        self.weights: list[Tensor] = []

    def gathering(self) -> Rule:
        """The rule of one more pass of data."""
        places = count()

        def rule(call: Call) -> Tensor:
            if weighted(call):
                self._add(next(places), call)
            result: Tensor = call()
            return result

        return rule

    def of(self, place: int) -> Tensor:
        """The pattern of an operation, shaped like its weight: where y > 0, or over all data at the last one."""
        regime = self.everywhere if place == len(self.weights) - 1 else self.positive
        number, y, x, xy = regime[place]
        weight = self.weights[place]
        lined = [-1] + [1] * (weight.ndim - 1)
        covariance = over(xy, number.reshape(lined)) - over(x, number.reshape(lined)) * over(y, number).reshape(lined)
        return over(covariance, (weight * covariance).flatten(1).sum(1).reshape(lined)).to(weight)

    def _add(self, place: int, call: Call) -> None:
        weight = call.argument(1, "weight").detach().requires_grad_()
        with torch.enable_grad():
            response = unbiased(call).with_constants(lambda _: weight).with_tracked(torch.Tensor.detach)
        y = response.detach()
        for sums, seen in ((self.everywhere, torch.ones_like(y)), (self.positive, (y > 0).to(y))):
            x, xy = (torch.autograd.grad(response, weight, g, retain_graph=True)[0] for g in (seen, seen * y))
            axes = (0, *range(2, y.ndim))
            new = tuple(part.double() for part in (seen.sum(axes), (seen * y).sum(axes), x, xy))
            if place == len(sums):
                sums.append(new)  # type: ignore[arg-type]
            else:
                sums[place] = tuple(map(torch.add, sums[place], new))  # type: ignore[assignment]
        self.weights[place:] = [weight.detach(), *self.weights[place + 1 :]]


def weighted(call: Call) -> bool:
    """True for an operation with weights; raises Unsupported where they are not one row per output."""
    if call.name in WEIGHTED and (call.name in MATRIX_PRODUCTS or "transpose" in call.name):
        raise Unsupported(f"there is no rule for patterns of the operation '{call.name}'")
    return call.name in WEIGHTED


def along(change: Callable[[int, Tensor], Tensor]) -> Rule:
    """At the weighted operation number n the slope goes through `change(n, weight)` in place of its weight."""
    places = count()

    def rule(call: Call) -> Tensor:
        y: Tensor = call()
        if not weighted(call):
            return y
        weight, place = call.argument(1, "weight"), next(places)
        through = unbiased(call).with_constants(lambda _: change(place, weight))
        return with_shares(y, (through(), torch.ones_like(y)))

    return rule
