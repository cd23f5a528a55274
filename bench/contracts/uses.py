"""Regions that a model uses in a subject, those it does not, and those nobody can tell: one rule for all metrics."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from torch import Tensor

from bench.contracts.data import Truth

#: share of a subject's largest |use| that parts what is used from what is not
SMALL = 0.15


class Calls(NamedTuple):
    """Regions (..., R) bool that are used, and that are not; of a region in neither, nothing is said."""

    used: np.ndarray
    unused: np.ndarray


def called(value: np.ndarray, floor: np.ndarray) -> Calls:
    """Used: by two standard errors above a small share of the subject's largest. Unused: by as much below it.

    value: (..., R) `use`. floor: (..., R), two standard errors of it. All used regions are larger than all unused ones,
    so that `use` itself ranks them without a fault.
    """
    size = np.abs(value)
    small = SMALL * size.max(axis=-1, keepdims=True, initial=0.0)
    return Calls(size - floor > small, size + floor <= small)


def use_others(use: Truth, patients: Tensor) -> Truth:
    """The truth `use_others`: the mean of `use` over all patients but the subject, zero where there is no other.

    patients: (N,) bool.
    """
    if use.regions is None:
        return Truth("use_others")
    counted = patients.to(use.regions)[:, None]
    held = use.regions * counted
    others = (held.sum(0) - held) / (counted.sum() - counted).clamp(min=1)
    return replace(Truth("use_others"), regions=others)


def use_model(use: Truth) -> Truth:
    """The truth `use_model`: root mean square over subjects of the size of `use`, one vector that all of them share.

    For what is said of all subjects together: group maps, stability over models, tables by region.
    """
    size = use.regions if use.size is None else use.size
    if size is None:
        return Truth("use_model", signed=False)
    pooled = size.double().square().mean(0, keepdim=True).sqrt().float()
    return replace(Truth("use_model", signed=False), regions=pooled.repeat(len(size), 1))
