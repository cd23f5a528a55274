"""Agreement of halves of the draws behind `use`, told by the standard errors that are stored with it."""

import torch
from torch import Tensor

from bench.contracts import Truth

#: `floor` is so many standard errors
ERRORS = 2.0


def halves_agree(use: Truth) -> Tensor:
    """Correlation over regions that `use` from one half of the draws has with `use` from the other: (N,) float64.

    The variance V of a subject's values over regions holds a mean squared standard error E^2 that is noise; a half of
    the draws has twice that noise, so two halves correlate as (V - E^2) / (V + E^2): the formula of Spearman and Brown,
    from the whole to its half. Regions whose error nobody knows are left out; NaN where all values are equal.
    """
    assert use.regions is not None and use.floor is not None
    value, error = use.regions.double(), use.floor.double() / ERRORS
    known = error.isfinite()
    count = known.sum(1)
    middle = (value * known).sum(1) / count
    spread = ((value - middle[:, None]).square() * known).sum(1) / (count - 1)
    noise = error.square().where(known, 0.0).sum(1) / count
    return torch.where(spread > 0, (spread - noise) / (spread + noise), torch.nan)
