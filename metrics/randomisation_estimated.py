"""Cascading randomisation in which batch normalisation gets to know what the randomised layers feed it."""

import math
from dataclasses import dataclass
from typing import Annotated, ClassVar

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from bench.contracts import AtLeast, Context, Undefined, bounded
from metrics.randomisation import CascadingRandomisation

#: training images in a forward pass, which normalises with the statistics of these
_BATCH = 16


@bounded
@dataclass(frozen=True)
class EstimatedRandomisation(CascadingRandomisation):
    """Cascading randomisation with batch statistics estimated anew.

    Reset statistics (mean 0, variance 1) do not fit what random layers put out, so scores saturate and maps may change
    or die for that reason alone; estimated ones keep every layer in its working range, and only the weights are
    unlearned. After a step all statistics, those of kept layers too, are the mean over batches of 16 of the first
    `images` training images (Ioffe & Szegedy, ICML 2015, algorithm 2). Networks without running statistics score as
    in the plain cascade. Formula, columns, chance, ceiling and bounds are those of `CascadingRandomisation`.
    """

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "Adebayo et al., NeurIPS 2018; statistics: Ioffe & Szegedy, ICML 2015"
    summary: ClassVar[str] = (
        "Cascading randomisation with the running statistics of batch normalisation estimated anew after each step."
    )

    images: Annotated[int, AtLeast(2)] = 64

    def _reset(self, model: nn.Module, names: list[str], seed: int, context: Context) -> nn.Module:
        """A copy of the model after one step; statistics are kept in the memo, because all methods share them."""
        fresh = super()._reset(model, names, seed, context)
        if running(fresh):
            key = ("running statistics", self.images, seed, *names)
            fresh.load_state_dict(context.memo(key, lambda: estimated(fresh, self._training(context))), strict=False)
        return fresh

    def _training(self, context: Context) -> Tensor:
        """(n, 1, D, H, W): the first training images; raises `Undefined` where there are none."""
        try:
            return context.memo(("training images", self.images), lambda: context.training().images[: self.images])
        except LookupError as error:
            raise Undefined("statistics can only be estimated on training images, which are not given") from error


def running(model: nn.Module) -> dict[str, _BatchNorm]:
    """The batch normalisations that keep running statistics, by name."""
    norms = {name: m for name, m in model.named_modules() if isinstance(m, _BatchNorm)}
    return {name: m for name, m in norms.items() if m.running_mean is not None}


def estimated(model: nn.Module, images: Tensor) -> dict[str, Tensor]:
    """Running statistics of a model in evaluation mode over images (n, 1, D, H, W), as entries of its state.

    The model takes them over and keeps its mode; dropout stays off, so nothing is drawn.
    """
    layers = running(model)
    for layer in layers.values():
        layer.reset_running_stats()
        # without momentum the running statistics are plain means over batches
        layer.momentum = None
        layer.train()
    place = next(model.parameters())
    with torch.no_grad():
        for batch in images.tensor_split(math.ceil(len(images) / _BATCH)):
            model(batch.to(place))
    for layer in layers.values():
        layer.eval()
    return {f"{name}.{key}": value.clone() for name, layer in layers.items() for key, value in layer.named_buffers()}
