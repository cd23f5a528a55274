"""The voxels a metric looks at, and the truth in them."""

import torch
from torch import Tensor

from bench.contracts import BadInput, Context, Truth, Undefined

#: the share of |truth| that must lie in the domain: of what is left B_q would be made
_HELD = 0.5


def domain_of(context: Context, like: Tensor) -> Tensor:
    """The context's domain, (N, 1, D, H, W) bool; every voxel of `like` in library use without one.

    Raises:
        BadInput: where it is not shaped like `like`.
    """
    if context.domain is None:
        return torch.ones_like(like, dtype=torch.bool)
    same_grid(context.domain, like, "the domain")
    return context.domain.to(device=like.device, dtype=torch.bool)


def volume_of(truth: Truth | None, maps: Tensor, context: Context, owner: object) -> Tensor:
    """The truth's volume (N, 1, D, H, W), zeros for a subject with most of |truth| outside the domain.

    Less than half outside is what resampling and the edge of a mask leave there: it is not asked of the map.

    Raises:
        BadInput: where the truth is not shaped like the maps.
        Undefined: without a volume, and where no subject has a voxel, or none that has the truth has half of it, in the
            domain.
    """
    if truth is None or truth.volume is None:
        raise Undefined(f"{type(owner).__name__} needs a truth with a volume")
    same_grid(truth.volume, maps, f"the truth '{truth.name}'")
    domain = domain_of(context, truth.volume)
    if not domain.any():
        raise Undefined("the domain holds no voxel of any subject")
    size = truth.volume.detach().abs().flatten(1).double()
    whole = size.sum(dim=1)
    held = (size * domain.flatten(1)).sum(dim=1) >= _HELD * whole
    if (whole > 0).any() and not (held & (whole > 0)).any():
        raise Undefined(f"most of the truth '{truth.name}' lies outside the domain, in every subject that has it")
    return truth.volume * held[:, None, None, None, None]


def same_grid(given: Tensor, maps: Tensor, what: str) -> None:
    """Raise `BadInput` for a volume `given` that is not shaped like the maps; `what` names it."""
    if given.shape != maps.shape:
        raise BadInput(
            f"{what} has shape {tuple(given.shape)} where maps and images have {tuple(maps.shape)}; "
            "give one volume per subject on the grid of the maps"
        )
