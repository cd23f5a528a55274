"""Sparseness of a map; no truth is asked."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from bench.contracts import BlindSpot, Context, MetricTags, Subjects, Truth, bounded
from metrics._shared.domain import domain_of


@bounded
@dataclass(frozen=True)
class Gini:
    """Gini index of a map."""

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "Chalasani et al., Concise explanations of neural networks, ICML 2020"
    summary: ClassVar[str] = (
        "Gini index of |map| in the domain: 0 an even map or one of zeros, (n - 1)/n a single voxel of n."
    )
    tags: ClassVar[MetricTags] = MetricTags("map", True, (0.0, 1.0), "index", laws=frozenset({"domain", "section"}))
    question: ClassVar[str] = "Is the map sparse?"
    blind_spots: ClassVar[tuple[BlindSpot, ...]] = (
        BlindSpot("a single voxel anywhere is best", "test_graded.py::test_complexity_of_plain_maps"),
    )

    subjects: Subjects = None

    def map(self, maps: Tensor, truth: Truth | None, context: Context) -> Tensor:
        """Values (N,) of maps (N, 1, D, H, W)."""
        return _of_shares(maps, context, _gini)


@bounded
@dataclass(frozen=True)
class Entropy:
    """Entropy of a map.

    Divided by log n, brains and grids of different size are comparable.
    """

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "Bhatt et al., Evaluating and aggregating feature-based model explanations, IJCAI 2020"
    summary: ClassVar[str] = (
        "Shannon entropy of |map| / sum |map| in the domain over log n: 1 an even map or one of zeros, 0 a "
        "single voxel."
    )
    tags: ClassVar[MetricTags] = MetricTags("map", False, (0.0, 1.0), "share of log n")
    question: ClassVar[str] = "Is the map sparse?"
    blind_spots: ClassVar[tuple[BlindSpot, ...]] = (
        BlindSpot("a single voxel anywhere is best", "test_graded.py::test_complexity_of_plain_maps"),
    )

    subjects: Subjects = None

    def map(self, maps: Tensor, truth: Truth | None, context: Context) -> Tensor:
        """Values (N,) of maps (N, 1, D, H, W)."""
        return _of_shares(maps, context, _entropy)


def _of_shares(maps: Tensor, context: Context, value: Callable[[Tensor], float]) -> Tensor:
    """(N,) values of the shares (n,) of each map's mass in the domain; NaN where it is not finite or n < 2."""
    scores = []
    for values, inside in zip(maps.detach(), domain_of(context, maps), strict=True):
        mass = values[inside].abs().double()
        total = mass.sum()
        known = len(mass) > 1 and bool(total.isfinite())
        shares = mass / total if total > 0 else torch.full_like(mass, 1 / max(len(mass), 1))
        scores.append(value(shares) if known else math.nan)
    return torch.tensor(scores)


def _gini(shares: Tensor) -> float:
    n = len(shares)
    rank = torch.arange(1, n + 1, dtype=shares.dtype, device=shares.device)
    # rounding takes even maps just below 0
    return max(0.0, float((shares.sort().values * (2 * rank - n - 1)).sum() / n))


def _entropy(shares: Tensor) -> float:
    return float(torch.special.entr(shares).sum()) / math.log(len(shares))
