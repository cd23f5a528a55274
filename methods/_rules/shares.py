"""Rules that tell supporting from opposing contributions z_ij = x_i w_ij of an affine operation.

Relevances are carried as multipliers, R = x * M at every tensor, so a share z_ij / d_j of R_j = y_j M_j reads
M_i = sum_j w_ij y_j M_j / d_j over the chosen contributions: the derivative of their sum, scaled by y_j / d_j.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import torch
from torch import Tensor

from methods._rules.call import Call

_SINGLE = "add sub subtract rsub neg mul multiply div divide true_divide batch_norm"
_CONVOLUTIONS = "conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d"
#: at most one element of each argument reaches an element of the output
ELEMENTWISE = frozenset(_SINGLE.split())
CONVOLUTIONS = frozenset(_CONVOLUTIONS.split())
MATRIX_PRODUCTS = frozenset({"matmul", "mm", "bmm"})
#: many elements reach an element of the output, by constants of either sign; the remaining affine operations are
#: averages, by constants that are not negative
WEIGHTED = CONVOLUTIONS | {"linear"} | MATRIX_PRODUCTS


class SignedParts(NamedTuple):
    """y = positive + negative + bias: sums of the contributions of each sign, differentiable, and the constant."""

    positive: Tensor
    negative: Tensor
    bias: Tensor


def parts(call: Call) -> SignedParts:
    """The contributions of an affine operation by sign."""
    if call.name in ELEMENTWISE:
        bias = call.with_tracked(torch.zeros_like)
        alone = [call.with_tracked(_only(t)) - bias for t in {id(t): t for t in call.tracked}.values()]
        return SignedParts(sum(map(_up, alone[1:]), _up(alone[0])), sum(map(_down, alone[1:]), _down(alone[0])), bias)
    if call.name in WEIGHTED:
        linear = unbiased(call)
        rise, fall = linear.with_constants(_up), linear.with_constants(_down)
        positive = rise.with_tracked(_up) + fall.with_tracked(_down)
        negative = rise.with_tracked(_down) + fall.with_tracked(_up)
        return SignedParts(positive, negative, _bias(call, positive))
    positive = call.with_tracked(_up)
    return SignedParts(positive, call.with_tracked(_down), torch.zeros_like(positive))


def unbiased(call: Call) -> Call:
    """A weighted operation without its bias."""
    if call.name in MATRIX_PRODUCTS:
        return call
    keywords = {name: value for name, value in call.kwargs.items() if name != "bias"}
    return replace(call, args=(*call.args[:2], *(None,) * len(call.args[2:3]), *call.args[3:]), kwargs=keywords)


def alpha_beta(beta: float) -> Callable[[Call], Tensor]:
    """R_i = sum_j ((1 + beta) z_ij+ / z_j+ - beta z_ij- / z_j-) R_j (Bach et al. 2015, eq. 60).

    z_j+ and z_j- hold the bias, by its sign; where there is nothing of a sign, its share is lost.
    """

    def rule(call: Call) -> Tensor:
        y, (positive, negative, bias) = call(), parts(call)
        return with_shares(
            y,
            (positive, (1 + beta) * over(y, positive + _up(bias))),
            (negative, -beta * over(y, negative + _down(bias))),
        )

    return rule


def gamma(size: float) -> Callable[[Call], Tensor]:
    """R_i = sum_j (z_ij + gamma z_ij*) / (y_j + gamma z_j*) R_j, z* the contributions of the sign of y_j, bias too.

    Where inputs are not negative and y_j is positive this is Montavon et al. 2019, section 10.2.3; counting by the sign
    of contributions and of y_j keeps the denominator away from zero everywhere (Andeol et al. 2021).
    """

    def rule(call: Call) -> Tensor:
        y, (positive, negative, bias) = call(), parts(call)
        favoured = torch.where(y > 0, positive + _up(bias), negative + _down(bias))
        scale = over(y, y + size * favoured)
        return with_shares(
            y, (positive, scale * (1 + size * (y > 0).to(y))), (negative, scale * (1 + size * (y < 0).to(y)))
        )

    return rule


def supporting(call: Call) -> Tensor:
    """R_i = sum_j z_ij+ / z_j+ R_j, z_j+ without bias: nothing is lost where any contribution is positive."""
    y, positive = call(), parts(call).positive
    return with_shares(y, (positive, over(y, positive)))


def with_shares(y: Tensor, *terms: tuple[Tensor, Tensor]) -> Tensor:
    """y, whose slope goes back through each term multiplied by the factor beside it, and not through y."""
    tensors = [part for term, factor in terms for part in (term, factor.detach())]
    return _Shared.apply(y.detach(), *tensors)


def over(numerator: Tensor, denominator: Tensor) -> Tensor:
    """The quotient, 0 where the denominator is 0."""
    return numerator / denominator.where(denominator != 0, torch.inf)


class _Shared(torch.autograd.Function):
    """The first argument, with slopes to every second argument by the one after it."""

    @staticmethod
    def forward(ctx: Any, y: Tensor, *tensors: Tensor) -> Tensor:
        ctx.save_for_backward(*tensors[1::2])
        return y.view_as(y)

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor) -> tuple[Tensor | None, ...]:
        return (None, *(part for factor in ctx.saved_tensors for part in (slopes[0] * factor, None)))


def _up(x: Tensor) -> Tensor:
    return x.clamp(min=0)


def _down(x: Tensor) -> Tensor:
    return x.clamp(max=0)


def _only(kept: Tensor) -> Callable[[Tensor], Tensor]:
    return lambda t: t if t is kept else torch.zeros_like(t)


def _bias(call: Call, like: Tensor) -> Tensor:
    bias = None if call.name in MATRIX_PRODUCTS else call.argument(2, "bias")
    if bias is None:
        return torch.zeros_like(like)
    spatial = call.argument(1, "weight").ndim - 2
    return bias.reshape(-1, *[1] * spatial).expand_as(like)
