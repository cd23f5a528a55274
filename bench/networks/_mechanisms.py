"""Mechanisms as small rectified networks on readings of regions, each beside the formula it computes.

A reading q is a region's mean intensity in SDs from its training mean, growing with evidence. Its state is q cut to
0..1: nothing up to the training mean, all of it from an SD on.
"""

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

import torch
from torch import Tensor

#: most that a gate lets through, in SDs
OPENING = 4.0
Name = Literal[
    "sum", "threshold", "maximum", "and", "or", "xor", "canceller", "saturation", "negative", "gate", "decoys",
    "cancelled",
]  # fmt: skip


class Affine(NamedTuple):
    """A linear layer: weight (out, in), bias (out,)."""

    weight: Tensor
    bias: Tensor


#: linear layers, and between them `relu`, or `max` over all values; the last layer has one output
Layers = list[Affine | Literal["relu", "max"]]


class Mechanism(NamedTuple):
    """A function of the readings of a number of regions.

    summary: the function in words. parts: how many regions it takes, None for any number. formula: (N, P) -> (N,).
    layers: for P regions, the layers that compute it.
    """

    summary: str
    parts: int | None
    formula: Callable[[Tensor], Tensor]
    layers: Callable[[int], Layers]


def affine(rows: Sequence[Sequence[float]], bias: Sequence[float] = ()) -> Affine:
    """A layer of weight rows and biases, which are 0 where not given."""
    weight = torch.tensor(rows, dtype=torch.float64)
    return Affine(weight, torch.tensor(bias or [0.0] * len(rows), dtype=torch.float64))


def _cut(q: Tensor) -> Tensor:
    """Readings cut to 0..1."""
    return q.clamp(0, 1)


def _states(parts: int) -> Layers:
    """relu(q) and relu(q - 1), whose difference is the state."""
    eye = torch.eye(parts, dtype=torch.float64)
    return [Affine(eye.repeat(2, 1), torch.tensor([0.0, -1.0]).double().repeat_interleave(parts)), "relu"]


def _of_states(*weights: float) -> list[float]:
    return [*weights, *(-w for w in weights)]


def _after_states(weights: list[float], bias: float, last: Affine) -> Layers:
    """One rectified sum of states, read out."""
    return [*_states(len(weights)), affine([_of_states(*weights)], [bias]), "relu", last]


def _falling(parts: int) -> list[float]:
    return [1 / (1 + p) for p in range(parts)]


_ONE = affine([[1.0]])

MECHANISMS: dict[str, Mechanism] = {
    "sum": Mechanism(
        "q1 + q2 / 2 + q3 / 3 + ...",
        None,
        lambda q: q @ q.new_tensor(_falling(q.shape[1])),
        lambda parts: [affine([_falling(parts)])],
    ),
    "threshold": Mechanism(
        "what the sum of the readings is above 1",
        None,
        lambda q: (q.sum(1) - 1).clamp(min=0),
        lambda parts: [affine([[1.0] * parts], [-1.0]), "relu", _ONE],
    ),
    "maximum": Mechanism("the largest reading", None, lambda q: q.amax(1), lambda parts: ["max", _ONE]),
    "and": Mechanism(
        "1 where all regions are diseased, else 0",
        None,
        lambda q: (_cut(q).sum(1) - (q.shape[1] - 1)).clamp(min=0),
        lambda parts: _after_states([1.0] * parts, 1.0 - parts, _ONE),
    ),
    "or": Mechanism(
        "1 where any region is diseased, else 0",
        None,
        lambda q: _cut(q).sum(1).clamp(max=1),
        lambda parts: _after_states([-1.0] * parts, 1.0, affine([[-1.0]], [1.0])),
    ),
    "xor": Mechanism(
        "1 where one region of two is diseased, else 0",
        2,
        lambda q: 1 - (1 - _cut(q).sum(1)).abs(),
        lambda parts: [*_states(2), affine([_of_states(1, 1)] * 2, [0.0, -1.0]), "relu", affine([[1.0, -2.0]])],
    ),
    "canceller": Mechanism(
        "q1 - q2: the second takes off what both share", 2, lambda q: q[:, 0] - q[:, 1], lambda _: [affine([[1, -1]])]
    ),
    "saturation": Mechanism(
        "the number of diseased regions",
        None,
        lambda q: _cut(q).sum(1),
        lambda parts: [*_states(parts), affine([_of_states(*[1.0] * parts)])],
    ),
    "negative": Mechanism(
        "1 where the first region is diseased and no other is, else 0",
        None,
        lambda q: (_cut(q[:, 0]) - _cut(q[:, 1:]).sum(1)).clamp(min=0),
        lambda parts: _after_states([1.0] + [-1.0] * (parts - 1), 0.0, _ONE),
    ),
    "gate": Mechanism(
        "q1 above 0 where the second region is diseased, else 0",
        2,
        lambda q: (q[:, 0].clamp(min=0) - OPENING * (1 - _cut(q[:, 1]))).clamp(min=0),
        lambda _: [*_states(2), affine([[1.0, OPENING, 0.0, -OPENING]], [-OPENING]), "relu", _ONE],
    ),
    "decoys": Mechanism(
        "q1 above 0; all other regions are computed and never read",
        None,
        lambda q: q[:, 0].clamp(min=0),
        lambda parts: [affine(torch.eye(parts).tolist()), "relu", affine([[1.0] + [0.0] * (parts - 1)])],
    ),
    "cancelled": Mechanism(
        "q1 above 0; all other regions are computed twice and taken off again",
        None,
        lambda q: q[:, 0].clamp(min=0),
        lambda parts: [
            affine([*torch.eye(parts).tolist(), *torch.eye(parts)[1:].tolist()]),
            "relu",
            affine([[1.0] * parts + [-1.0] * (parts - 1)]),
        ],
    ),
}
