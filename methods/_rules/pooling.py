"""Max pooling whose derivative treats equal maxima alike.

In a constant reference image every window is a tie, and torch gives the whole derivative to the first voxel of it: maps
would lean to one side of the brain.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import pad

from bench.contracts import Unsupported
from methods._rules.call import Call


def sharing(call: Call) -> Callable[[Tensor], Tensor]:
    """The pooling of the call as a function of its input, its derivative shared evenly among equal maxima.

    Raises Unsupported for dilated windows, windows cut at the border (ceil_mode) and adaptive windows of unequal size.
    """

    def plain(x: Tensor) -> Tensor:
        return call.with_tracked(lambda _: x)

    if call.name == "amax":
        return plain
    axes = int(call.name[-2])
    size, step, margin = _adaptive(call, axes) if call.name.startswith("adaptive") else _windows(call, axes)
    if size == list(call.tracked[0].shape[-axes:]) and not any(margin):
        # of one window torch shares by itself, where walking through its members would take a step a voxel
        return lambda x: x.amax(tuple(range(-axes, 0)), keepdim=True)
    return lambda x: _Shared.apply(x, plain, size, step, margin)


class _Shared(torch.autograd.Function):
    """Max pooling that hands a window's slope to its maxima; windows may lap over each other."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, pool: Callable[[Tensor], Tensor], size: list[int], step: list[int], margin: list[int]
    ) -> Tensor:
        y = pool(x)
        ctx.save_for_backward(x, y)
        ctx.windows = size, step, margin
        return y

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor) -> tuple[Tensor, None, None, None, None]:
        (x, y), (size, step, margin) = ctx.saved_tensors, ctx.windows
        edges = [side for edge in reversed(margin) for side in (edge, edge)]
        padded = pad(x, edges, value=-float("inf"))
        members = list(_members(y.shape[-len(size) :], size, step))
        largest = [padded[place] == y for place in members]
        share = slopes[0] / sum(largest)
        total = torch.zeros_like(padded)
        for place, at in zip(members, largest, strict=True):
            total[place] += share * at
        return pad(total, [-edge for edge in edges]), None, None, None, None


def _members(counts: Sequence[int], size: list[int], step: list[int]) -> Iterator[tuple[Any, ...]]:
    """Places in the volume of the first member of every window, of the second, and so on."""
    for offsets in product(*map(range, size)):
        axes = zip(offsets, counts, step, strict=True)
        yield (..., *(slice(o, o + s * (n - 1) + 1, s) for o, n, s in axes))


def _windows(call: Call, axes: int) -> tuple[list[int], list[int], list[int]]:
    """Window, stride and padding along each axis."""
    if any(d != 1 for d in _each(call.argument(4, "dilation", 1), axes)) or call.argument(5, "ceil_mode", False):
        raise Unsupported(f"there is no rule for '{call.name}' with dilation or ceil_mode")
    size = _each(call.argument(1, "kernel_size"), axes)
    return size, _each(call.argument(2, "stride") or size, axes), _each(call.argument(3, "padding", 0), axes)


def _adaptive(call: Call, axes: int) -> tuple[list[int], list[int], list[int]]:
    edges = call.tracked[0].shape[-axes:]
    wanted = [o or n for o, n in zip(_each(call.argument(1, "output_size"), axes), edges, strict=True)]
    if any(n % o for n, o in zip(edges, wanted, strict=True)):
        raise Unsupported(f"there is no rule for '{call.name}' from {tuple(edges)} to {tuple(wanted)} voxels")
    size = [n // o for n, o in zip(edges, wanted, strict=True)]
    return size, size, [0] * axes


def _each(value: Any, axes: int) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value] * axes
