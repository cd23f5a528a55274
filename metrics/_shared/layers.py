"""Layers of a model, in the order in which they are randomised."""

from itertools import chain

from torch import nn

from bench.contracts import Unsupported
from bench.passes.resets import belongs_to_owner, own_parameters, reset_of, unreset


def layers(model: nn.Module) -> list[list[str]]:
    """Names of the modules that hold weights, one list a layer, from input to output (order of definition).

    A layer is a module with a weight matrix or kernel and the normalisations that follow it: resetting a
    normalisation alone changes next to nothing. A module with nothing to reset is left out.

    Raises:
        Unsupported: for a module without `reset_parameters` that has parameters, or floating-point numbers in its
            state (one alone is a setting), which a fit may have set; for a parameter that a reset of all layers leaves
            as it was; and for a model without any layer.
    """
    groups: list[list[str]] = []
    for name, module in model.named_modules():
        if belongs_to_owner(module):
            continue
        weights = own_parameters(module)
        resets = reset_of(module) is not None
        if not resets and (weights or _fitted(module)):
            raise Unsupported(f"layer {name!r} ({type(module).__name__}) has no reset_parameters() to randomise it")
        if not resets or not (weights or list(module.buffers(recurse=False))):
            continue
        if not groups or any(weight.dim() > 1 for weight in weights):
            groups.append([])
        groups[-1].append(name)
    if not groups:
        raise Unsupported("the network has no weights to randomise")
    if left := unreset(model, chain(*groups)):
        raise Unsupported(f"reset_parameters() leaves the parameter {left[0]!r} as it was, so it cannot be randomised")
    return groups


def _fitted(module: nn.Module) -> bool:
    """True where a module's state holds numbers, beside its parameters, that may have been learnt."""
    kept = (b for n, b in module.named_buffers(recurse=False) if n not in module._non_persistent_buffers_set)
    return any(buffer.is_floating_point() and buffer.numel() > 1 for buffer in kept)
