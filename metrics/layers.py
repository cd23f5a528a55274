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
    normalisation alone changes next to nothing. Raises `Unsupported` for a module that has parameters but no
    `reset_parameters`; one that has neither holds at most constant buffers and is left out.
    """
    found: list[list[str]] = []
    for name, module in model.named_modules():
        weights = list(module.parameters(recurse=False))
        resets = callable(getattr(module, "reset_parameters", None))
        if weights and not resets:
            raise Unsupported(f"layer {name!r} ({type(module).__name__}) has no reset_parameters() to randomise it")
        if not resets or not (weights or list(module.buffers(recurse=False))):
            continue
        if not found or any(weight.dim() > 1 for weight in weights):
            found.append([])
        found[-1].append(name)
    return found


def randomised(model: nn.Module, names: Iterable[str], seed: int) -> nn.Module:
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
