"""Returned values of plug-ins: refused in one sentence where they are not what the contract says."""

from collections.abc import Collection, Mapping
from typing import Any

import torch
from torch import Tensor

from bench.contracts import Attribution
from bench.devices.moving import HOME, moved


def checked_map(result: Any, images: Tensor) -> Attribution:
    """The attribution that a method gave for images (N, 1, D, H, W), detached, in memory of its own.

    Raises:
        ValueError: where a part is no float32 tensor where the images lie, or not shaped as the images are.
    """
    attribution = result if isinstance(result, Attribution) else Attribution(result)
    parts: dict[str, Tensor] = {}
    for name, part in attribution._asdict().items():
        if part is None and name != "map":
            continue
        tensor = _dense(f"the {name}", part, images.device)
        if tensor.dtype not in (torch.float32, images.dtype):
            raise ValueError(f"the {name} is {tensor.dtype}; give float32")
        shape = images.shape[:1] if name == "gap" else images.shape
        if tensor.shape != shape:
            raise ValueError(f"the {name} has shape {tuple(tensor.shape)}, not {tuple(shape)} as the images ask")
        lent = tensor.untyped_storage().data_ptr() == images.untyped_storage().data_ptr()
        parts[name] = tensor.detach().clone() if lent else tensor.detach()
    return Attribution(**parts)


def check_finite_map(attribution: Attribution, subjects: Tensor) -> None:
    """Raise ValueError, naming the subjects, where a map, its multiplier or its baseline holds NaN or infinity."""
    for name, part in attribution._asdict().items():
        if part is not None and name != "gap":
            finite = torch.isfinite(part).flatten(1).all(1)
            if not finite.all():
                raise ValueError(f"the {name} is not finite for subjects {subjects[~finite].tolist()}")


def checked_scores(columns: Any, shapes: Collection[tuple[int, ...]], place: torch.device = HOME) -> dict[str, Tensor]:
    """The columns of scores that a metric gave, each of one of the shapes, in main memory.

    place: where the images of the metric lie, and its scores may lie too.

    Raises:
        ValueError: where one has no name, or is no real floating-point tensor there or in main memory, of such a shape.
    """
    if not isinstance(columns, Mapping):
        raise ValueError(f"the metric gave {_kind(columns)}; give columns by name")
    for name, values in columns.items():
        if not isinstance(name, str) or not name.isprintable():
            raise ValueError(f"the metric gave a column called {name!r}; give it a name of printable letters")
        what = f"the metric's column '{name}'" if name else "the metric's value"
        tensor = _dense(what, values, HOME, place)
        if not tensor.is_floating_point():
            raise ValueError(f"{what} is {tensor.dtype}; give real floating-point numbers")
        if tuple(tensor.shape) not in shapes:
            asked = " or ".join(map(str, dict.fromkeys(shapes)))
            raise ValueError(f"{what} has shape {tuple(tensor.shape)}; give one value a subject, {asked}")
    return moved(dict(columns), HOME)


def _dense(what: str, value: Any, *places: torch.device) -> Tensor:
    if not isinstance(value, Tensor):
        raise ValueError(f"{what} is {_kind(value)}; give a torch.Tensor")
    if value.device not in places or value.layout != torch.strided:
        where = "in main memory" if places[-1] == HOME else f"on {places[-1]}, as its images are"
        raise ValueError(f"{what} is {value.layout} on {value.device}; give a dense tensor {where}")
    return value


def _kind(value: Any) -> str:
    return f"of type {type(value).__name__}"
