"""The rules: what stands in for the derivative of an operation."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from methods._rules.call import Call
from methods._rules.shares import with_shares


class _GuidedReLU(torch.autograd.Function):
    """Passes back what is positive, where the unit was active (Springenberg et al. 2015)."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        y = x.clamp(min=0)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor) -> Tensor:
        (y,) = ctx.saved_tensors
        return slopes[0].clamp(min=0) * (y > 0)


class _DeconvReLU(torch.autograd.Function):
    """Passes back what is positive, active unit or not (Zeiler and Fergus 2014)."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x.clamp(min=0)

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor) -> Tensor:
        return slopes[0].clamp(min=0)


class _Stabilised(torch.autograd.Function):
    """Identity whose slope is multiplied by |y| / (|y| + epsilon)."""

    @staticmethod
    def forward(ctx: Any, y: Tensor, epsilon: float) -> Tensor:
        ctx.save_for_backward(y)
        ctx.epsilon = epsilon
        return y.view_as(y)

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor) -> tuple[Tensor, None]:
        (y,) = ctx.saved_tensors
        size = y.abs()
        return slopes[0] * (size / (size + ctx.epsilon)), None


def guided(call: Call) -> Tensor:
    """Guided backprop at a ReLU."""
    return _GuidedReLU.apply(call.argument(0, "input"))


def deconv(call: Call) -> Tensor:
    """DeconvNet at a ReLU."""
    return _DeconvReLU.apply(call.argument(0, "input"))


def derived(call: Call) -> Tensor:
    """The plain derivative."""
    result: Tensor = call()
    return result


def epsilon(size: float) -> Callable[[Call], Tensor]:
    """LRP-epsilon at an affine operation y = Wx + b (Bach et al. 2015, eq. 58), the bias kept in the denominator.

    Relevances are carried as multipliers, R = x * M at every tensor. Then R_i = sum_j x_i w_ij R_j / (y_j + epsilon
    sign(y_j)) reads M_i = sum_j w_ij M_j |y_j| / (|y_j| + epsilon): the gradient with a stabilised slope, free of any
    division by an input (Ancona et al. 2018). At a ReLU R_in = R_out reads M_in = M_out [x > 0], its plain derivative.
    """

    def rule(call: Call) -> Tensor:
        return _Stabilised.apply(call(), size)

    return rule


def taken_by_the_signal(call: Call) -> Tensor:
    """Relevance at a product of a signal and a gate: the signal takes all of it, R_x = R_gx, and the gate nothing.

    Arras et al. 2017, Explaining recurrent neural network predictions in sentiment analysis, WASSA, section 3.2; for
    attention Ali et al. 2022, XAI for transformers, ICML, section 4. In multipliers, R = x * M, that is the plain
    derivative with the gate as a constant.
    """
    result: Tensor = call()
    return result


def halved(rule: Callable[[Call], Tensor]) -> Callable[[Call], Tensor]:
    """Relevance at a product of two signals: each takes half of what the rule passes on.

    Achtibat et al. 2024, AttnLRP: attention-aware layer-wise relevance propagation for transformers, ICML, prop. 3.3.
    """

    def of_product(call: Call) -> Tensor:
        y = rule(call)
        return with_shares(y, (y, torch.full_like(y, 0.5)))

    return of_product
