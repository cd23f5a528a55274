"""Values on their way between main memory and the device that models run on."""

import copy
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

Value = TypeVar("Value")
#: main memory, where everything lies that is stored
HOME = torch.device("cpu")
#: devices without float64, which much of what is done with images and maps needs: only models are moved there, and
#: passes carry images to them, a chunk at a time
WITHOUT_DOUBLE = ("mps",)


def moved(value: Value, device: torch.device) -> Value:
    """A value with every tensor and network inside it on a device; whatever lies there already is left as it is.

    Networks are copied, so that the one in main memory stays there. What is neither a tensor, a network, a record nor
    a collection is handed on.
    """
    result: Any = _moved(value, device)
    return result


def _moved(value: Any, device: torch.device) -> Any:
    if isinstance(value, Tensor):
        return value.to(HOME if device.type in WITHOUT_DOUBLE else device)
    if isinstance(value, nn.Module):
        return value if _lies_on(value, device) else copied(value).to(device)
    if is_dataclass(value) and not isinstance(value, type):
        parts = {field.name: getattr(value, field.name) for field in fields(value) if field.init}
        changed = {name: new for name, part in parts.items() if (new := _moved(part, device)) is not part}
        return replace(value, **changed) if changed else value
    if isinstance(value, Mapping):
        named = {name: _moved(part, device) for name, part in value.items()}
        return named if any(named[name] is not part for name, part in value.items()) else value
    if isinstance(value, tuple | list):
        row = [_moved(part, device) for part in value]
        if all(new is part for new, part in zip(row, value, strict=True)):
            return value
        return type(value)(*row) if hasattr(value, "_fields") else type(value)(row)
    return value


def copied(model: nn.Module) -> nn.Module:
    """A copy of a model, also where the hook of a norm left a weight in it that torch computed and does not copy."""
    kept = (value for module in model.modules() for value in vars(module).values())
    computed = [value for value in kept if isinstance(value, Tensor) and not value.is_leaf]
    return copy.deepcopy(model, {id(value): value.detach().clone() for value in computed})


def _lies_on(model: nn.Module, device: torch.device) -> bool:
    """Whether all parameters and buffers of a network lie on a device."""
    return all(tensor.device == device for tensor in (*model.parameters(), *model.buffers()))
