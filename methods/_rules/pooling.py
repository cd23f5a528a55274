"""Max pooling whose derivative treats equal maxima alike.

In a constant reference image every window is a tie, and torch gives the whole derivative to the first voxel of it: maps
would lean to one side of the brain.
"""

from collections.abc import Callable
from typing import Any

from torch import Tensor
from torch.nn.functional import pad

from bench.contracts import Unsupported
from methods._rules.call import Call


def sharing(call: Call) -> Callable[[Tensor], Tensor]:
    """The pooling of the call as a function of its input, its derivative shared evenly among equal maxima.

    Raises Unsupported for dilated windows, windows cut at the border (ceil_mode) and adaptive windows of unequal size.
    """
    if call.name == "amax":
        return lambda x: call.with_tracked(lambda _: x)
    axes = int(call.name[-2])
    size, step, margin = _adaptive(call, axes) if call.name.startswith("adaptive") else _windows(call, axes)

    def pool(x: Tensor) -> Tensor:
        first = x.ndim - axes
        x = pad(x, [side for edge in reversed(margin) for side in (edge, edge)], value=-float("inf"))
        for axis in range(axes):
            x = x.unfold(first + axis, size[axis], step[axis])
        return x.amax(tuple(range(-axes, 0)))

    return pool


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
