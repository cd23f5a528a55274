"""Convergence of a stochastic method: how far its map, made again with other noise, is the same map."""

from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256

import torch
from torch import Tensor, nn

from bench.contracts import Attribution, Context, Method, Target

#: below this correlation a map says more of its noise than a reader would think: "unconverged"
CONVERGED = 0.9


def convergence(method: Method, model: nn.Module, inputs: Tensor, target: Target, context: Context) -> Tensor:
    """Correlation (N,) over the domain between a subject's map and one made with an independent seed.

    It is the split-half correlation of twice the draws, so no formula is needed to step it up to the map's own number.
    1 for a method without noise; NaN where a map is constant.
    """
    return repeated(Attribution.of(method(model, inputs, target, context)).map, method, model, inputs, target, context)


def repeated(
    first: Tensor, method: Method, model: nn.Module, inputs: Tensor, target: Target, context: Context
) -> Tensor:
    """`convergence` of maps that are there already, made under this context."""
    # what a method keeps for a model may hold its noise
    again = replace(context, seed_of=_other(context.seed_of), _memo={})
    maps = [first.double(), Attribution.of(method(model, inputs, target, again)).map.double()]
    domain = torch.ones_like(inputs, dtype=torch.bool) if context.domain is None else context.domain
    return torch.stack([_correlation(*(m[row][domain[row]] for m in maps)) for row in range(len(inputs))])


def _other(seed_of: Callable[[int], int]) -> Callable[[int], int]:
    return lambda subject: int.from_bytes(sha256(f"again {seed_of(subject)}".encode()).digest()[:8])


def _correlation(first: Tensor, second: Tensor) -> Tensor:
    first, second = first - first.mean(), second - second.mean()
    return (first * second).sum() / (first.square().sum() * second.square().sum()).sqrt()
