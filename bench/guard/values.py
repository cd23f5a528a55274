"""Marks of values in memory, by which it is seen that somebody wrote into one.

torch counts what is written into a tensor, which costs nothing to ask. Who writes behind its back, through `.data` or
NumPy, is seen by checksums, which are taken where code runs that no test of ours knows.
"""

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

#: bytes above which a tensor is not read through; training images are, and no write reaches the store they come from
LARGE = 32 * 2**20
_HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks", "_state_dict_hooks")


def marks(value: Any, thorough: bool) -> dict[str, Any]:
    """{place: mark} of everything inside a value that can be changed in place."""
    return dict(_marks(value, "", thorough))


def _marks(value: Any, place: str, thorough: bool) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Tensor):
        yield place, _tensor(value, thorough)
    elif isinstance(value, np.ndarray):
        yield place, (value.shape, value.dtype, value.flags.writeable, zlib.crc32(value.tobytes()))
    elif isinstance(value, nn.Module):
        yield from _module(value, place, thorough)
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield from _marks(getattr(value, field.name), _join(place, field.name), thorough)
    elif isinstance(value, Mapping):
        yield f"the keys of {place}", tuple(value)
        for key, inner in value.items():
            yield from _marks(inner, _join(place, str(key)), thorough)
    elif isinstance(value, list | tuple):
        names = getattr(value, "_fields", range(len(value)))
        yield f"the length of {place}", len(value)
        for name, inner in zip(names, value, strict=True):
            yield from _marks(inner, _join(place, str(name)), thorough)
    elif value is None or isinstance(value, bool | int | float | str):
        yield place, value


def _join(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _tensor(tensor: Tensor, thorough: bool) -> tuple[Any, ...]:
    version = None if tensor.is_inference() else tensor._version
    about = (tuple(tensor.shape), tensor.dtype, tensor.requires_grad, version)
    if not thorough or tensor.nbytes > LARGE:
        return about
    content = tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data if tensor.numel() else b""
    return (*about, tensor.grad is None, zlib.crc32(content))


def _module(model: nn.Module, place: str, thorough: bool) -> Iterator[tuple[str, Any]]:
    for name, module in model.named_modules():
        where = _join(place, name)
        yield f"the hooks of {where}", tuple(tuple(getattr(module, hooks)) for hooks in _HOOKS)
        yield f"the training flag of {where}", module.training
        if thorough:
            yield f"the layers and attributes of {where}", (id(module), tuple(sorted(vars(module))))
    for kind, named in (("parameter", model.named_parameters()), ("buffer", model.named_buffers())):
        for name, tensor in named:
            yield f"the {kind} {_join(place, name)}", _tensor(tensor, thorough)
