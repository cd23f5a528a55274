"""Layers of a model: convolutions, activations, features that the readout reads."""

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from bench.contracts import Unsupported
from bench.passes.forward import evaluating, forward, in_chunks, laid_out

WEIGHTED = (nn.Conv3d, nn.Linear)


def convolutions(model: nn.Module) -> dict[str, nn.Conv3d]:
    """The convolutions of a model by name, in the order in which they are defined.

    Raises:
        Unsupported: where there is none.
    """
    layers = {name: layer for name, layer in model.named_modules() if isinstance(layer, nn.Conv3d)}
    if not layers:
        raise Unsupported("this network has no convolutions")
    return layers


def passed_through(model: nn.Module, images: Tensor) -> list[str]:
    """Names of the convolutions that a pass of images goes through, in the order of their definition; no decoder's are.

    Raises:
        Unsupported: where there is none.
    """
    layers, heard = convolutions(model), set[str]()
    hooks = [layer.register_forward_hook(lambda *_, name=name: heard.add(name)) for name, layer in layers.items()]
    try:
        forward(model, images)
    finally:
        for hook in hooks:
            hook.remove()
    if not heard:
        raise Unsupported("the outputs of this network go through no convolution")
    return [name for name in layers if name in heard]


def activations(model: nn.Module, images: Tensor, layer: str) -> Tensor:
    """Output (N, C, ...) of a layer for images (N, 1, D, H, W), in evaluation mode; of its last call, if it has many.

    Raises:
        KeyError: for a layer the model does not have.
    """
    module, kept = dict(model.named_modules())[layer], list[Tensor]()
    return _kept(model, images, kept, module.register_forward_hook(lambda m, inputs, output: kept.append(output)))


def readout_features(model: nn.Module, images: Tensor) -> Tensor:
    """Features (N, F) of images that the readout reads: the inputs of the last layer with weights, averaged over space.

    Raises:
        Unsupported: for a network whose last layer reads the image itself, or that has no layer of a known kind.
    """
    layers = [m for m in model.modules() if isinstance(m, WEIGHTED)]
    if len(layers) < 2:
        raise Unsupported("this network has no hidden layer")
    kept: list[Tensor] = []
    inputs = _kept(model, images, kept, layers[-1].register_forward_pre_hook(lambda m, given: kept.append(given[0])))
    return inputs.mean((2, 3, 4)) if inputs.ndim == 5 else inputs.flatten(1)


def _kept(model: nn.Module, images: Tensor, kept: list[Tensor], hook: RemovableHandle) -> Tensor:
    def work(rows: Tensor) -> Tensor:
        kept.clear()
        model(laid_out(model, images[rows]))
        return kept[-1].detach().contiguous()

    try:
        with evaluating(model), torch.no_grad():
            return in_chunks(images, work)
    finally:
        hook.remove()
