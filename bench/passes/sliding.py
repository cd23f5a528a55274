"""Rules of the operations that slide a window over a volume: convolution and pooling."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from bench.passes.carried import Border, Carried, Unfollowed

Change = tuple[Tensor, Tensor | None]


def convolution(
    func: Callable[..., Any], base: Tensor, x: Carried, weight: Tensor, bias: Tensor | None = None,
    stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1,
) -> Change:  # fmt: skip
    """Convolution, padded with zeros."""
    reach = [d * (k - 1) + 1 for d, k in zip(_triple(dilation), weight.shape[2:], strict=True)]
    if isinstance(padding, str):
        if padding == "same" and any(r % 2 == 0 for r in reach):
            raise Unfollowed("'conv3d' with an even kernel and padding='same' has no rule")
        padding = [(r - 1) // 2 if padding == "same" else 0 for r in reach]
    starts, window = _slid(base, x, reach, _triple(stride), _triple(padding), 0.0)
    return F.conv3d(window, weight, bias, stride, 0, dilation, groups), starts


def maximum_of_windows(
    func: Callable[..., Any], base: Tensor, x: Carried, kernel_size: Any, stride: Any = None, padding: Any = 0,
    dilation: Any = 1, ceil_mode: bool = False, return_indices: bool = False,
) -> Change:  # fmt: skip
    """Max pooling; outside the volume lies minus infinity."""
    reach = [d * (k - 1) + 1 for d, k in zip(_triple(dilation), _triple(kernel_size), strict=True)]
    step = _triple(stride or kernel_size)
    starts, window = _slid(base, x, reach, step, _triple(padding), -torch.inf)
    return F.max_pool3d(window, kernel_size, step, 0, dilation), starts


def mean_of_windows(
    func: Callable[..., Any], base: Tensor, x: Carried, kernel_size: Any, stride: Any = None, padding: Any = 0,
    ceil_mode: bool = False, count_include_pad: bool = True, divisor_override: int | None = None,
) -> Change:  # fmt: skip
    """Average pooling where every window counts the same."""
    if ceil_mode or not (count_include_pad or not any(_triple(padding))):
        raise Unfollowed("'avg_pool3d' whose windows at the border count fewer voxels has no rule")
    step = _triple(stride or kernel_size)
    starts, window = _slid(base, x, _triple(kernel_size), step, _triple(padding), 0.0)
    return F.avg_pool3d(window, kernel_size, step, divisor_override=divisor_override), starts


def _slid(
    base: Tensor, x: Carried, reach: Sequence[int], stride: Sequence[int], padding: Sequence[int], fill: float
) -> tuple[Tensor, Tensor]:
    """First voxels of the output boxes that read a patch, and all that these boxes read.

    Every edit gets a box of the largest extent among them, shifted inwards where it would stick out of the output, so
    that all keep one shape wherever they lie.
    """
    assert x.starts is not None
    size, step, span = torch.tensor(x.patch.shape[2:]), torch.tensor(stride), torch.tensor(reach)
    lengths, before = torch.tensor(base.shape[2:]), torch.tensor(padding)
    first = (-((span - 1 - before - x.starts) // step)).clamp(min=0)
    last = torch.minimum((x.starts + size - 1 + before) // step, lengths - 1)
    extent = (last - first + 1).amax(0).clamp(min=1)
    starts = torch.minimum(first, lengths - extent)
    after = (lengths - 1) * step + span - before - torch.tensor(x.grid[1:])
    border = Border(tuple(padding), tuple(after.clamp(min=0).tolist()), fill)
    return starts, x.window(starts * step - before, ((extent - 1) * step + span).tolist(), border)


def _triple(value: Any) -> tuple[int, ...]:
    return (value,) * 3 if isinstance(value, int) else tuple(value) * (3 // len(value))
