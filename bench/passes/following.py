"""Rules of the incremental forward pass: how each operation carries the boxes in which edits differ.

A rule is given the function, what it gave for the image itself and the function's own arguments, and returns the values
in the new boxes with their first voxels, or the whole value and None.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from bench.passes.carried import Carried, Trail, Unfollowed, carried, cropped, swapped
from bench.passes.sliding import Change, convolution, maximum_of_windows, mean_of_windows

CarryRule = Callable[..., Change]
RULES: dict[str, CarryRule] = {
    "conv3d": convolution,
    "max_pool3d": maximum_of_windows,
    "avg_pool3d": mean_of_windows,
}
SPACE = {2, 3, 4}


def follow(trail: Trail, func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """One operation of the network, recorded for the image or carried for its edits; in place becomes out of place."""
    plain, kwargs, in_place = _out_of_place(func, args, kwargs)
    name = plain.__name__
    result = _recorded(trail, plain, args, kwargs) if trail.recording else _carried(trail, name, plain, args, kwargs)
    if in_place:
        args[0].become(result)
    return result


def _recorded(trail: Trail, func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Carried:
    value = func(*swapped(args, lambda c: c.patch), **swapped(kwargs, lambda c: c.patch))
    if not isinstance(value, Tensor) or not value.ndim:
        raise Unfollowed(f"'{func.__name__}' has no rule")
    trail.names.append(func.__name__)
    trail.values.append(value[:1].clone())
    return Carried(trail, value[:1], value)


def _carried(
    trail: Trail, name: str, func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Carried:
    base, parts = trail.expected(name), list(carried((args, kwargs)))
    if all(part.starts is None for part in parts):
        value = func(*swapped(args, lambda c: c.patch), **swapped(kwargs, lambda c: c.patch))
        return Carried(trail, base, value)
    if name not in RULES:
        raise Unfollowed(f"'{name}' has no rule")
    patch, starts = RULES[name](func, base, *args, **kwargs)
    grid = None if base.ndim == 5 else parts[0].grid
    return Carried(trail, base, patch, starts, grid)


def _out_of_place(
    func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[Callable[..., Any], dict[str, Any], bool]:
    name = func.__name__
    in_place = name.endswith("_") or bool(kwargs.get("inplace"))
    plain = getattr(Tensor, name.removesuffix("_"), None) if name.endswith("_") else func
    if plain is None or (in_place and not isinstance(args[0], Carried)):
        raise Unfollowed(f"'{name}' has no rule")
    return plain, {**kwargs, **({"inplace": False} if "inplace" in kwargs else {})}, in_place


def rule(*names: str) -> Callable[[CarryRule], CarryRule]:
    """Makes a function the rule of the operations of these names."""

    def enter(function: CarryRule) -> CarryRule:
        RULES.update(dict.fromkeys(names, function))
        return function

    return enter


@rule("relu", "leaky_relu", "elu", "gelu", "silu", "softplus", "hardtanh", "sigmoid", "tanh", "abs", "neg", "exp",
      "sqrt", "square", "clamp", "contiguous", "clone", "detach", "float", "to", "add", "sub", "rsub", "mul", "div",
      "pow", "maximum", "minimum")  # fmt: skip
def pointwise(func: Callable[..., Any], base: Tensor, *args: Any, **kwargs: Any) -> Change:
    """Each voxel by itself; several carried values meet in a box that holds all of theirs."""
    for value in (*args, *kwargs.values()):
        if isinstance(value, Tensor) and any(length != 1 for length in value.shape[-3:]):
            raise Unfollowed(f"'{func.__name__}' with a constant that varies over space has no rule")
    return _each_voxel(func, args, kwargs)


@rule("batch_norm", "dropout", "feature_dropout", "dropout3d")
def evaluated(func: Callable[..., Any], base: Tensor, x: Carried, *args: Any, **kwargs: Any) -> Change:
    """Layers that work voxel by voxel in evaluation mode, and not in training."""
    training = kwargs.get("training", args[4] if len(args) > 4 else args[-1] if args else False)
    if training or (x.flat and func.__name__ == "batch_norm"):
        raise Unfollowed(f"'{func.__name__}' as used here has no rule")
    return _each_voxel(func, (x, *args), kwargs)


@rule("cat")
def concatenated(func: Callable[..., Any], base: Tensor, tensors: Sequence[Any], dim: int = 0) -> Change:
    """Channels put one after the other."""
    if dim not in (1, -4) or not all(isinstance(part, Carried) and not part.flat for part in tensors):
        raise Unfollowed("'cat' as used here has no rule")
    return _each_voxel(func, (tensors, dim), {})


def _each_voxel(func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Change:
    parts = list(carried((args, kwargs)))
    if len(parts) == 1:
        return func(*swapped(args, lambda c: c.patch), **kwargs), parts[0].starts
    if any(part.starts is None for part in parts):
        return func(*swapped(args, Carried.everywhere), **kwargs), None
    if len({part.grid[1:] for part in parts}) > 1 or any(part.flat for part in parts):
        raise Unfollowed(f"'{func.__name__}' of values of different shapes has no rule")
    ends = [part.starts + torch.tensor(part.patch.shape[2:]) for part in parts if part.starts is not None]
    starts = torch.stack([part.starts for part in parts if part.starts is not None]).amin(0)
    size = (torch.stack(ends).amax(0) - starts).amax(0)
    starts = torch.minimum(starts, torch.tensor(parts[0].grid[1:]) - size)
    return func(*swapped(args, lambda c: c.window(starts, size.tolist())), **kwargs), starts


@rule("mean", "sum")
def total(
    func: Callable[..., Any], base: Tensor, x: Carried, dim: Any = None, keepdim: bool = False, **kwargs: Any
) -> Change:
    """Over channels: voxel by voxel. Over space: the image's own value and what the patch adds to it."""
    dims = {d % x.ndim for d in ([dim] if isinstance(dim, int) else dim or range(x.ndim))}
    if dims == {1} and keepdim and not x.flat:
        return func(x.patch, dim, keepdim, **kwargs), x.starts
    if dims != SPACE or x.flat or kwargs:
        raise Unfollowed(f"'{func.__name__}' over these dimensions has no rule")
    added = (x.patch - x.original()).sum((2, 3, 4), keepdim=keepdim)
    return base + (added / x.volume[0, 0].numel() if func.__name__ == "mean" else added), None


@rule("amax", "amin")
def extreme(func: Callable[..., Any], base: Tensor, x: Carried, dim: Any = (), keepdim: bool = False) -> Change:
    """Over the whole value with the patch in its place."""
    return func(x.everywhere(), dim, keepdim), None


@rule("adaptive_avg_pool3d", "adaptive_max_pool3d")
def pooled(func: Callable[..., Any], base: Tensor, x: Carried, output_size: Any, *args: Any, **kwargs: Any) -> Change:
    """Pooling to a few places: the whole value with the patch in its place."""
    return func(x.everywhere(), output_size, *args, **kwargs), None


@rule("pad")
def padded(
    func: Callable[..., Any], base: Tensor, x: Carried, pad: Sequence[int], mode: str = "constant", value: Any = None
) -> Change:
    """A constant put around the volume."""
    if mode != "constant" or len(pad) > 6 or min(pad) < 0 or x.flat:
        raise Unfollowed(f"'pad' with mode='{mode}' and {tuple(pad)} has no rule")
    before = [*pad[::2], 0, 0, 0][:3][::-1]
    assert x.starts is not None
    return x.patch, x.starts + torch.tensor(before)


@rule("interpolate")
def widened(func: Callable[..., Any], base: Tensor, x: Carried, *args: Any, **kwargs: Any) -> Change:
    """Nearest neighbours at a whole ratio: every voxel becomes a box."""
    ratios = [out // length for out, length in zip(base.shape[2:], x.grid[1:], strict=True)]
    whole = all(out == r * n for out, r, n in zip(base.shape[2:], ratios, x.grid[1:], strict=True))
    if args or not whole or kwargs.get("mode") not in ("nearest", "nearest-exact"):
        raise Unfollowed(f"'interpolate' with mode='{kwargs.get('mode')}' here has no rule")
    assert x.starts is not None
    grown = x.patch
    for axis, ratio in enumerate(ratios):
        grown = grown.repeat_interleave(ratio, axis + 2)
    return grown, x.starts * torch.tensor(ratios)


@rule("flatten", "view", "reshape")
def flattened(func: Callable[..., Any], base: Tensor, x: Carried, *args: Any, **kwargs: Any) -> Change:
    """One row of numbers an image; the boxes are kept."""
    if base.ndim != 2:
        raise Unfollowed(f"'{func.__name__}' to {base.ndim} dimensions has no rule")
    return x.patch, x.starts


@rule("linear")
def linear(func: Callable[..., Any], base: Tensor, x: Carried, weight: Tensor, bias: Tensor | None = None) -> Change:
    """The weights of the changed part alone, or all of them where that is less to read."""
    if not x.flat:
        raise Unfollowed("'linear' along an axis of the image has no rule")
    if len(weight) * x.patch[0].numel() > weight.shape[1]:
        return func(x.everywhere(), weight, bias), None
    assert x.starts is not None
    volume = weight.reshape(1, -1, *x.grid[1:])
    weights = cropped(x.trail, volume, x.starts, x.patch.shape[2:]).unflatten(1, (len(weight), x.grid[0]))
    return base + torch.einsum("pkcdhw,pcdhw->pk", weights, x.patch - x.original()), None
