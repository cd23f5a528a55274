"""Batch normalisation folded into the convolution before it, so that a rule meets the two as one affine layer."""

import torch
from torch import Tensor

from methods._rules.call import Call
from methods._rules.engine import Rule
from methods._rules.shares import CONVOLUTIONS


def folded(rule: Rule) -> Rule:
    """The rule, given one convolution in place of a convolution and the batch norm that reads its output.

    It follows the pass, not the order in which modules are defined. A batch norm of anything else, or of a transposed
    convolution, stays a layer of its own. The rule is for one pass.
    """
    convolutions: dict[int, tuple[Tensor, Call]] = {}

    def apply(call: Call) -> Tensor:
        if call.name == "batch_norm" and id(call.tracked[0]) in convolutions:
            return rule(_together(convolutions[id(call.tracked[0])][1], call))
        result: Tensor = rule(call)
        if call.name in CONVOLUTIONS and "transpose" not in call.name:
            # the tensor is held, so that no other can take its address while it is a key
            convolutions[id(result)] = result, call
        return result

    return apply


def _together(convolution: Call, norm: Call) -> Call:
    """The convolution with the scale and shift of a batch norm in its weight and bias."""
    mean, variance = norm.argument(1, "running_mean"), norm.argument(2, "running_var")
    weight, bias = convolution.argument(1, "weight"), convolution.argument(2, "bias")
    gain, shift = norm.argument(3, "weight"), norm.argument(4, "bias")
    scale = (torch.ones_like(mean) if gain is None else gain) / (variance + norm.argument(7, "eps", 1e-5)).sqrt()
    centred = (torch.zeros_like(mean) if bias is None else bias) - mean
    moved = centred * scale + (torch.zeros_like(mean) if shift is None else shift)
    scaled = weight * scale.reshape(-1, *[1] * (weight.ndim - 1))
    names = ("input", "weight", "bias", "stride", "padding", "dilation", "groups")
    given = dict(zip(names, convolution.args, strict=False)) | convolution.kwargs
    given = given | {"weight": scaled, "bias": moved}
    return Call(convolution.name, convolution.func, (), given, tracked=convolution.tracked)
