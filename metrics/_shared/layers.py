"""Layers of a model and how one is given fresh weights."""

import copy
import hashlib
from collections.abc import Iterable

import torch
from torch import nn

from bench.contracts import Unsupported


def layers(model: nn.Module) -> list[list[str]]:
    """Names of the modules that hold weights, one list a layer, from input to output (order of definition).

    A layer is a module with a weight matrix or kernel and the normalisations that follow it: resetting a
    normalisation alone changes next to nothing. A module with nothing to reset is left out.

    Raises:
        Unsupported: for a module without `reset_parameters` that has parameters, or floating-point numbers in its
            state (one alone is a setting), which a fit may have set; and for a model without any layer.
    """
    found: list[list[str]] = []
    for name, module in model.named_modules():
        weights = list(module.parameters(recurse=False))
        resets = callable(getattr(module, "reset_parameters", None))
        if not resets and (weights or _fitted(module)):
            raise Unsupported(f"layer {name!r} ({type(module).__name__}) has no reset_parameters() to randomise it")
        if not resets or not (weights or list(module.buffers(recurse=False))):
            continue
        if not found or any(weight.dim() > 1 for weight in weights):
            found.append([])
        found[-1].append(name)
    if not found:
        raise Unsupported("the network has no weights to randomise")
    return found


def _fitted(module: nn.Module) -> bool:
    """True where a module's state holds numbers, beside its parameters, that may have been learnt."""
    kept = (b for n, b in module.named_buffers(recurse=False) if n not in module._non_persistent_buffers_set)
    return any(buffer.is_floating_point() and buffer.numel() > 1 for buffer in kept)


def with_fresh_layers(model: nn.Module, names: Iterable[str], seed: int) -> nn.Module:
    """A copy of the model whose named modules are initialised anew; the model itself is not touched.

    Each module runs its own `reset_parameters` under a seed made of `seed` and its name: two layers of one shape
    differ, and a layer gets the same weights whichever others are reset. Batch normalisation resets its running
    statistics too. The global random state is left as it was.
    """
    fresh = copy.deepcopy(model)
    modules = dict(fresh.named_modules())
    device = next(model.parameters()).device
    fresh.cpu()
    with torch.random.fork_rng(devices=[]):
        for name in names:
            torch.manual_seed(_seed(seed, name))
            modules[name].reset_parameters()
    return fresh.to(device)


def _seed(seed: int, name: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{seed}/{name}".encode()).digest()[:8], "little") >> 1
