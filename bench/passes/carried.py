"""A value inside a network for a stack of edits of one image: what the image has, and the boxes in which edits differ.

The network's own code runs on it: every torch function that meets a `Carried` is handed to `bench.passes.following`.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any, NamedTuple, Self

import torch
from torch import Tensor

#: (step, function, positional arguments, keyword arguments) -> what the function gives
Follow = Callable[["Trail", Callable[..., Any], tuple[Any, ...], dict[str, Any]], Any]


class Unfollowed(Exception):
    """The network does something with a carried value that has no rule; the sentence names it."""


class Border(NamedTuple):
    """The surroundings of a volume: voxels before and after it along each axis, and their value."""

    before: tuple[int, ...] = (0, 0, 0)
    after: tuple[int, ...] = (0, 0, 0)
    fill: float = 0.0


@dataclass
class Trail:
    """Values that each operation gave for the image itself, in order.

    values: (1, ...) each. counted: images that the pass under way stands for. peak: most numbers an operation held for
    one edit so far.
    """

    follow: Follow
    names: list[str] = field(default_factory=list)
    values: list[Tensor] = field(default_factory=list)
    recording: bool = True
    step: int = 0
    counted: int = 1
    peak: int = 1
    _rows: dict[tuple[Any, ...], tuple[Tensor, list[int], Tensor]] = field(default_factory=dict)

    def expected(self, name: str) -> Tensor:
        """The value of the next operation for the image; raises Unfollowed where the order of operations changed."""
        if self.step >= len(self.names) or self.names[self.step] != name:
            raise Unfollowed(f"its operations change with the image ('{name}' comes out of order)")
        self.step += 1
        return self.values[self.step - 1]

    def rows(self, volume: Tensor, border: Border) -> tuple[Tensor, list[int]]:
        """A volume (1, C, D, H, W) with its border as rows of channels (voxels, C), and its grid; made once."""
        key = (volume.data_ptr(), tuple(volume.shape), border)
        if key not in self._rows:
            pads = [amount for axis in (2, 1, 0) for amount in (border.before[axis], border.after[axis])]
            padded = torch.nn.functional.pad(volume, pads, value=border.fill) if any(pads) else volume
            rows = padded[0].permute(1, 2, 3, 0).reshape(-1, volume.shape[1]).contiguous()
            # the volume is held, so that no other can take its address while it is a key
            self._rows[key] = rows, list(padded.shape[2:]), volume
        return self._rows[key][:2]


class Carried:
    """A value as the network meets it; functions and methods of tensors work on it.

    base: (1, ...), what the image itself has; edits differ from it inside boxes, which may be larger than need be.
    starts: (P, 3), first voxel of each edit's box; None: the whole value is carried. patch: (P, C, d, h, w), values in
    the boxes, or (P, ...) where whole. grid: (C, D, H, W) of the volume, also where the network sees it flattened.
    """

    def __init__(self, trail: Trail, base: Tensor, patch: Tensor, starts: Tensor | None = None, grid: Any = None):
        self.trail, self.base, self.patch = trail, base, patch
        self.grid = tuple(grid or base.shape[1:])
        self.starts = None if starts is None or tuple(patch.shape[1:]) == self.grid else starts
        if starts is not None and self.starts is None:
            self.patch = patch.reshape(len(patch), *base.shape[1:])
        trail.peak = max(trail.peak, patch[0].numel())

    @classmethod
    def __torch_function__(
        cls, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        trail = next(carried((args, kwargs or {}))).trail
        return trail.follow(trail, func, args, kwargs or {})

    def become(self, other: Self) -> None:
        """Take another's place, as an operation in place does."""
        self.__dict__.update(other.__dict__)

    @property
    def flat(self) -> bool:
        """True where the network sees the volume as one row of numbers."""
        return self.starts is not None and self.base.ndim == 2

    @property
    def volume(self) -> Tensor:
        """The image's own value as a volume (1, C, D, H, W)."""
        return self.base.reshape(1, *self.grid)

    def window(self, starts: Tensor, size: Sequence[int], border: Border | None = None) -> Tensor:
        """The edited value (P, C, *size) in boxes from `starts` (P, 3), which may reach into the border."""
        assert self.starts is not None
        crops = cropped(self.trail, self.volume, starts, size, border)
        extent, inside = self.patch.shape[2:], self.starts - starts
        places = _places(inside, extent, size) + torch.arange(len(starts))[:, None] * prod(size)
        values = self.patch.permute(0, 2, 3, 4, 1).reshape(-1, self.grid[0])
        within = _within(inside, extent, size)
        if not within.all():
            places, values = places[within], values[within.flatten().to(values.device)]
        rows = crops.permute(0, 2, 3, 4, 1).view(-1, self.grid[0])
        rows.index_copy_(0, places.flatten().to(rows.device), values)
        return crops

    def original(self) -> Tensor:
        """The image's own value (P, C, d, h, w) in the boxes of the patches."""
        assert self.starts is not None
        return cropped(self.trail, self.volume, self.starts, self.patch.shape[2:])

    def everywhere(self) -> Tensor:
        """The edited value (P, ...), whole."""
        if self.starts is None:
            return self.patch
        return self.window(torch.zeros_like(self.starts), self.grid[1:]).reshape(len(self.patch), *self.base.shape[1:])

    shape = property(lambda self: torch.Size((len(self.patch), *self.base.shape[1:])))
    ndim = property(lambda self: self.base.ndim)
    dtype = property(lambda self: self.patch.dtype)
    device = property(lambda self: self.patch.device)
    requires_grad = property(lambda self: False)

    def dim(self) -> int:
        """As of a tensor."""
        return self.base.ndim

    def size(self, axis: int | None = None) -> Any:
        """As of a tensor."""
        return self.shape if axis is None else self.shape[axis]

    def __len__(self) -> int:
        return self.trail.counted

    def __bool__(self) -> bool:
        raise Unfollowed("it decides by the values of the image")

    def __getattr__(self, name: str) -> Any:
        method = getattr(Tensor, name, None)
        if name.startswith("__") or not callable(method):
            raise AttributeError(f"a carried value has no '{name}'")
        return lambda *args, **kwargs: self.trail.follow(self.trail, method, (self, *args), kwargs)


def _operator(func: Callable[..., Any]) -> Callable[..., Any]:
    return lambda self, *args: self.trail.follow(self.trail, func, (self, *args), {})


_OPERATORS: dict[str, Callable[..., Any]] = {
    "add": Tensor.add, "radd": Tensor.add, "iadd": Tensor.add_, "sub": Tensor.sub, "rsub": torch.rsub,
    "isub": Tensor.sub_, "mul": Tensor.mul, "rmul": Tensor.mul, "imul": Tensor.mul_, "truediv": Tensor.div,
    "itruediv": Tensor.div_, "neg": Tensor.neg, "pow": Tensor.pow,
}  # fmt: skip
for _name, _func in _OPERATORS.items():
    setattr(Carried, f"__{_name}__", _operator(_func))


def carried(value: Any) -> Iterator[Carried]:
    """Every carried value among arguments, also in lists."""
    if isinstance(value, Carried):
        yield value
    elif isinstance(value, dict):
        yield from carried(tuple(value.values()))
    elif isinstance(value, tuple | list):
        for part in value:
            yield from carried(part)


def swapped(value: Any, by: Callable[[Carried], Tensor]) -> Any:
    """The same arguments with a tensor in place of every carried value."""
    if isinstance(value, Carried):
        return by(value)
    if isinstance(value, dict):
        return {key: swapped(part, by) for key, part in value.items()}
    if type(value) in (tuple, list):
        return type(value)(swapped(part, by) for part in value)
    return value


def cropped(trail: Trail, volume: Tensor, starts: Tensor, size: Sequence[int], border: Border | None = None) -> Tensor:
    """Boxes (P, C, *size) of a volume (1, C, D, H, W) from `starts` (P, 3), channels last in memory."""
    border = border or Border()
    rows, grid = trail.rows(volume, border)
    voxels, channels = rows.shape
    # voxels along the last axis lie side by side: whole runs are copied, which is several times faster than voxels
    runs = rows.as_strided((voxels - size[2] + 1, size[2] * channels), (channels, 1))
    places = _places(starts + torch.tensor(border.before), (size[0], size[1], 1), grid)
    crops = runs.index_select(0, places.flatten().to(rows.device)).view(len(starts), *size, channels)
    trail.peak = max(trail.peak, crops[0].numel())
    return crops.permute(0, 4, 1, 2, 3)


def _axes(starts: Tensor, size: Sequence[int]) -> list[Tensor]:
    """Voxel numbers of boxes along each axis, to be broadcast over (P, d, h, w)."""
    shapes = [(-1, size[0], 1, 1), (-1, 1, size[1], 1), (-1, 1, 1, size[2])]
    return [(starts[:, a, None] + torch.arange(size[a])).view(shapes[a]) for a in range(3)]


def _places(starts: Tensor, size: Sequence[int], grid: Sequence[int]) -> Tensor:
    """Positions (P, voxels) of boxes among the voxels of a grid."""
    d, h, w = _axes(starts, size)
    return ((d * grid[1] + h) * grid[2] + w).flatten(1)


def _within(starts: Tensor, size: Sequence[int], grid: Sequence[int]) -> Tensor:
    """True for the voxels (P, voxels) of boxes that lie in the grid."""
    d, h, w = ((axis >= 0) & (axis < length) for axis, length in zip(_axes(starts, size), grid, strict=True))
    return (d & h & w).flatten(1)
