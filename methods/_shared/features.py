"""The feature maps of a layer in a forward pass: found, and edited on the way."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate
from torch.overrides import TorchFunctionMode

from bench.contracts import Target, Unsupported, known
from bench.passes import explained

#: the last convolution with more than one voxel of output, after all that follows it at the same shape
LAST = "last_conv"
#: the last volume of the pass with more than one voxel, pooled or not: what a global average averages
AVERAGED = "averaged"

Edit = Callable[[Tensor], Tensor]


class Pass(NamedTuple):
    """One forward pass: features (N, channels, d, h, w) and score (N,) with their graph.

    place: the how-manieth volume that was seen is `features`, so that a second pass can edit it.
    """

    features: Tensor
    score: Tensor
    place: int


def passed(
    model: nn.Module, images: Tensor, target: Target, layer: str, edit: Edit | None = None, place: int = 0
) -> Pass:
    """A pass of images that require gradients, with `edit` put in place of the volume number `place`.

    layer: a module's name, `last_conv` or `averaged`. Raises BadInput where the network has no layer of that name and
    Unsupported where it makes no feature maps there.
    """
    watch = _Watch(edit, place)
    with _watching(model, layer, watch):
        outputs = model(images)
    features = watch.volume(len(images), layer)
    return Pass(features, explained(outputs, target), watch.seen)


def upsampled(coarse: Tensor, inputs: Tensor) -> Tensor:
    """Maps (n, 1, d, h, w) on the grid of the inputs, trilinear with voxel centres aligned (align_corners False)."""
    return interpolate(coarse, inputs.shape[2:], mode="trilinear", align_corners=False).to(inputs)


class _Watch:
    """The volumes of one pass that may be the layer's; the last one is."""

    def __init__(self, edit: Edit | None, place: int):
        self.edit, self.place = edit, place
        self.features: Tensor | None = None
        self.seen = 0

    def note(self, volume: Tensor) -> None:
        """Keeps the volume. An edit is written into it, so that networks working in place meet it too."""
        self.seen += 1
        if self.edit is not None and self.seen == self.place:
            with torch.no_grad():
                volume.copy_(self.edit(volume))
        self.features = volume

    def volume(self, rows: int, layer: str) -> Tensor:
        """Feature maps (rows, channels, d, h, w) that take part in the pass."""
        if self.features is None:
            raise Unsupported("CAM methods need convolutional feature maps; this network makes none that can be seen")
        if self.features.ndim != 5 or len(self.features) != rows or not self.features.requires_grad:
            shape = tuple(self.features.shape)
            raise Unsupported(f"CAM methods need feature maps (N, channels, D, H, W); '{layer}' gives shape {shape}")
        return self.features


class _Following(TorchFunctionMode):
    """Shows the watch every result of a torch operation that may be the layer's volume."""

    def __init__(self, watch: _Watch, is_next: Callable[[str, Tensor, Any, Tensor | None], bool]):
        super().__init__()
        self.watch, self.is_next = watch, is_next

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        differentiable = isinstance(result, Tensor) and result.requires_grad
        if differentiable and self.is_next(func.__name__, result, args, self.watch.features):
            self.watch.note(result)
        return result


def _after_convolution(name: str, result: Tensor, args: Any, last: Tensor | None) -> bool:
    if name == "conv3d":
        return result[0, 0].numel() > 1
    return last is not None and result.shape == last.shape and any(argument is last for argument in args)


def _is_volume(name: str, result: Tensor, args: Any, last: Tensor | None) -> bool:
    return result.ndim == 5 and result[0, 0].numel() > 1


@contextmanager
def _watching(model: nn.Module, layer: str, watch: _Watch) -> Iterator[None]:
    if layer in (LAST, AVERAGED):
        with _Following(watch, _after_convolution if layer == LAST else _is_volume):
            yield
        return
    handle = _module(model, layer).register_forward_hook(_noting(watch))
    try:
        yield
    finally:
        handle.remove()


def _noting(watch: _Watch) -> Any:
    def hook(_: nn.Module, __: Any, output: Tensor) -> Tensor:
        # what is kept shares memory neither with the layer's input nor with what in-place operations write after it
        kept = output.clone()
        watch.note(kept)
        return kept.clone()

    return hook


def _module(model: nn.Module, name: str) -> nn.Module:
    modules = dict(model.named_modules())
    if name not in modules or not name:
        known("CAM methods", "layer of the network", name, [LAST, *filter(None, modules)])
    return modules[name]
