"""Images that the decoder of a network makes of each class, beside what was planted in patients."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from bench.contracts import Batch, Simulator, Unsupported
from bench.passes.forward import evaluating, in_chunks, laid_out


@runtime_checkable
class Decoding(Protocol):
    """A network that makes images from latents."""

    def class_means(self) -> Tensor:
        """The mean image of each class (K, D, H, W)."""

    def latents(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The lower latents (N, L), from which images are made, and the upper ones (N, U), by which classes differ."""


def decoding(model: nn.Module) -> Decoding:
    """The model itself.

    Raises:
        Unsupported: where it makes no images.
    """
    if not isinstance(model, Decoding):
        raise Unsupported("this network has no decoder")
    return model


def decoded_means(model: nn.Module) -> Tensor:
    """The mean image that a model makes of each class, (K, D, H, W)."""
    with evaluating(model), torch.no_grad():
        return decoding(model).class_means().cpu()


def lower_latents(model: nn.Module, images: Tensor) -> Tensor:
    """Lower latents (N, L) behind images (N, 1, D, H, W)."""
    maker = decoding(model)
    with evaluating(model), torch.no_grad():
        return in_chunks(images, lambda rows: maker.latents(laid_out(model, images[rows]))[0]).cpu()


def planted(simulator: Simulator, patients: Sequence[int], stream: str = "test") -> Tensor:
    """Patients less their twins without the disease, the mean (D, H, W)."""
    sick, well = (simulator.sample(patients, stream, do).images for do in (None, {"strength": 0.0}))
    return (sick - well).mean((0, 1))


def observed(test: Batch, patients: Tensor) -> Tensor:
    """The mean image of patients (N,) bool less that of the others, (D, H, W): what needs no network."""
    return test.images[patients].mean((0, 1)) - test.images[~patients].mean((0, 1))


def likeness(maps: dict[str, Tensor], truth: Tensor) -> pd.DataFrame:
    """Pearson's r of each map (D, H, W) with the truth over voxels: columns map, r."""
    rows = [(name, np.corrcoef(volume.flatten(), truth.flatten())[0, 1]) for name, volume in maps.items()]
    return pd.DataFrame(rows, columns=["map", "r"])
