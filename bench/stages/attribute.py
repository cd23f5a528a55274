"""Stage attribute: the maps of one method for the explained subjects of one model."""

from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import nn

from bench.contracts import Attribution, Cohort, Context, Method


def attribute(method: Method, model: nn.Module, cohort: Cohort, context: Context) -> Attribution:
    """Maps of the cohort's images for the context's target, checked for shape and finite values.

    Raises:
        ValueError: where the map is not shaped like the images or holds NaN or infinity.
    """
    found = Attribution.of(method(model, cohort.images, context.target, context))
    for part, tensor in (("map", found.map), ("multiplier", found.multiplier)):
        if tensor is None:
            continue
        if tensor.shape != cohort.images.shape:
            raise ValueError(f"the {part} has shape {tuple(tensor.shape)}, the images {tuple(cohort.images.shape)}")
        finite = torch.isfinite(tensor).flatten(1).all(1)
        if not finite.all():
            raise ValueError(f"the {part} is not finite for subjects {cohort.subjects[~finite].tolist()}")
    return found


def write(folder: Path, attribution: Attribution) -> None:
    """Write maps, multiplier and gap as safetensors, float32."""
    parts = {name: part for name, part in attribution._asdict().items() if part is not None}
    save_file({name: part.detach().float().contiguous() for name, part in parts.items()}, folder / "maps.safetensors")


def read(folder: Path) -> Attribution:
    """The attribution `write` wrote."""
    return Attribution(**load_file(folder / "maps.safetensors"))
