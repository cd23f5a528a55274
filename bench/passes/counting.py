"""Counting what a method really asks of a network."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn


@dataclass
class Passes:
    """Passes in units of one image: a batch of eight counts eight."""

    forward: int = 0
    backward: int = 0


@contextmanager
def count_passes(model: nn.Module) -> Iterator[Passes]:
    """Counts images sent forward through the model, and back from its outputs, while the context is open."""
    passes = Passes()

    def backward(slope: Tensor) -> None:
        passes.backward += len(slope)

    def forward(_: nn.Module, __: Any, outputs: Tensor) -> None:
        passes.forward += len(outputs)
        if outputs.requires_grad:
            outputs.register_hook(backward)

    handle = model.register_forward_hook(forward)
    try:
        yield passes
    finally:
        handle.remove()
