"""The feature maps of a layer in a forward pass: found, and edited on the way."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.autograd.graph import Node
from torch.nn.functional import interpolate
from torch.nn.modules.module import register_module_forward_hook
from torch.overrides import TorchFunctionMode

from bench.contracts import Target, Unsupported, known
from bench.passes import explained
from bench.passes.nested import tensors_in
from methods._shared.readout import last_heard

#: the last volume that feeds the readout: a convolution's with more than one voxel, or what follows it on its grid
LAST = "last_conv"
#: the last volume with more than one voxel that feeds the readout, pooled or not: what a global average averages
AVERAGED = "averaged"
#: the last volume that feeds the readout on a finer grid than `last_conv`; `last_conv` itself where none is finer
FINER = "finer"
#: layers that are found by following the pass
_FOUND = (LAST, AVERAGED, FINER)
_CONVOLUTIONS = ("conv3d", "conv_transpose3d")

Edit = Callable[[Tensor], Tensor]


class Pass(NamedTuple):
    """One forward pass: features (N, channels, d, h, w) and score (N,) with their graph.

    place: the how-manieth volume that was seen is `features`, so that a second pass can edit it. layer: what made it,
    a module or else an operation, with its channels and grid.
    """

    features: Tensor
    score: Tensor
    place: int
    layer: str


def passed(
    model: nn.Module, images: Tensor, target: Target, layer: str, edit: Edit | None = None, place: int = 0
) -> Pass:
    """A pass of images that require gradients; with `edit` put in place of the volume number `place`, from 1.

    layer: a module's name, `last_conv`, `averaged` or `finer`. A volume that only weighs another, as a gate does, is
    none of the last three. Raises BadInput where the network has no layer of that name and Unsupported where it makes
    no feature maps there.
    """
    watch = _Watch(edit, place)
    with _watching(model, layer, watch):
        outputs = model(images)
    score, seen = explained(outputs, target), watch.volumes
    chosen = place or (_chosen(seen, score, layer) if layer in _FOUND else len(seen))
    if not chosen:
        raise Unsupported("CAM methods need convolutional feature maps; this network makes none that can be seen")
    volume = seen[chosen - 1]
    shape = tuple(volume.tensor.shape)
    if len(shape) != 5 or shape[0] != len(images) or not volume.tensor.requires_grad:
        raise Unsupported(f"CAM methods need feature maps (N, channels, D, H, W); '{layer}' gives shape {shape}")
    return Pass(volume.tensor, score, chosen, f"{volume.made_by}: {' x '.join(map(str, shape[1:]))}")


def upsampled(coarse: Tensor, inputs: Tensor) -> Tensor:
    """Maps (n, 1, d, h, w) on the grid of the inputs, trilinear with voxel centres aligned (align_corners False)."""
    return interpolate(coarse, inputs.shape[2:], mode="trilinear", align_corners=False).to(inputs)


def _chosen(seen: Sequence["_Volume"], score: Tensor, layer: str) -> int:
    """The number, from 1, of the volume that a word names; 0 where the score hears none."""
    last = last_heard([v.node for v in seen], score)
    if layer != FINER or not last:
        return last
    coarse = seen[last - 1].tensor[0, 0].numel()
    finer = [v.node if v.tensor[0, 0].numel() > coarse else None for v in seen]
    return last_heard(finer, score) or last


class _Volume(NamedTuple):
    """A volume with the node of its graph when it was seen, and the name of the operation or module that made it."""

    tensor: Tensor
    node: Node | None
    made_by: str
    of_module: bool = False


class _Watch:
    """The volumes of one pass that may be the layer's, in their order."""

    def __init__(self, edit: Edit | None, place: int):
        self.edit, self.place = edit, place
        self.volumes: list[_Volume] = []

    def note(self, tensor: Tensor, made_by: str) -> None:
        """Keeps a volume. An edit is written into it, so that networks working in place meet it too."""
        self.volumes.append(_Volume(tensor, tensor.grad_fn, made_by))
        if self.edit is not None and len(self.volumes) == self.place:
            with torch.no_grad():
                tensor.copy_(self.edit(tensor))

    def name(self, output: object, module: str | None) -> None:
        """Names the latest volume after the innermost module that returns it."""
        last = self.volumes[-1] if self.volumes else None
        if last and module and last.tensor is output and not last.of_module:
            self.volumes[-1] = last._replace(made_by=module, of_module=True)


class _Following(TorchFunctionMode):
    """Shows the watch every result of a torch operation that may be the layer's volume."""

    def __init__(self, watch: _Watch, layer: str):
        super().__init__()
        self.watch, self.layer = watch, layer

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        volume = isinstance(result, Tensor) and result.requires_grad and result.ndim == 5
        if volume and result[0, 0].numel() > 1 and self._may_be(func.__name__, result, (args, kwargs)):
            self.watch.note(result, func.__name__.rstrip("_"))
        return result

    def _may_be(self, name: str, result: Tensor, given: Any) -> bool:
        if self.layer == AVERAGED or name in _CONVOLUTIONS:
            return True
        (args, kwargs), seen = given, {id(v.tensor) for v in self.watch.volumes}
        read = tensors_in((args, tuple((kwargs or {}).values())))
        return any(id(t) in seen and t.shape[2:] == result.shape[2:] for t in read)


@contextmanager
def _watching(model: nn.Module, layer: str, watch: _Watch) -> Iterator[None]:
    if layer in _FOUND:
        names = {module: name for name, module in model.named_modules() if name}
        handle = register_module_forward_hook(lambda module, _, output: watch.name(output, names.get(module)))
        following: Any = _Following(watch, layer)
    else:
        handle, following = _module(model, layer).register_forward_hook(_noting(watch, layer)), nullcontext()
    try:
        with following:
            yield
    finally:
        handle.remove()


def _noting(watch: _Watch, layer: str) -> Any:
    def hook(_: nn.Module, __: Any, output: object) -> Tensor:
        if not isinstance(output, Tensor):
            raise Unsupported(f"CAM methods need one tensor of feature maps; '{layer}' gives a {type(output).__name__}")
        # what is kept shares memory neither with the layer's input nor with what in-place operations write after it
        kept = output.clone()
        watch.note(kept, layer)
        return kept.clone()

    return hook


def _module(model: nn.Module, name: str) -> nn.Module:
    modules = dict(model.named_modules())
    if name not in modules or not name:
        known("CAM methods", "layer of the network", name, [LAST, FINER, *filter(None, modules)])
    return modules[name]
