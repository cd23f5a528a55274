"""Constant images that an image is compared with."""

from typing import Literal

import torch
from torch import Tensor

from bench.contracts import Context
from bench.passes.fills import domain_mean

Baseline = Literal["zero", "mean"]


def baseline(inputs: Tensor, kind: Baseline, context: Context) -> Tensor:
    """The constant reference image of each row, shaped like inputs: zero, or the row's mean within its domain."""
    zero = torch.zeros_like(inputs[:, :1, :1, :1, :1])
    return (domain_mean(inputs, context.domain) if kind == "mean" else zero).expand_as(inputs)
