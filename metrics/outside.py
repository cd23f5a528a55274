"""Mass of a map on voxels that cannot matter."""

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from bench.contracts import BlindSpot, Context, MetricTags, Subjects, Truth, bounded
from metrics._shared.domain import domain_of


@bounded
@dataclass(frozen=True)
class OutsideMass:
    """Relevance mass outside the domain.

    An even map, and a map of zeros, score the share of the grid that is outside. Undefined where nothing is outside
    or the map is not finite.
    """

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "Arras et al., CLEVR-XAI, Information Fusion 2022 (relevance mass)"
    summary: ClassVar[str] = "Share of the map's absolute mass that lies outside the domain: 0 none, 1 all."
    tags: ClassVar[MetricTags] = MetricTags("map", False, (0.0, 1.0), "share", laws=frozenset({"section"}))
    question: ClassVar[str] = "How much is said of voxels that cannot matter?"
    blind_spots: ClassVar[tuple[BlindSpot, ...]] = (
        BlindSpot("anything within the domain", "test_blind_spots.py::test_mass_outside_sees_nothing_inside"),
    )

    subjects: Subjects = None

    def map(self, maps: Tensor, truth: Truth | None, context: Context) -> Tensor:
        """Shares (N,) of maps (N, 1, D, H, W)."""
        pairs = zip(maps.detach(), domain_of(context, maps), strict=True)
        return torch.tensor([_outside(values.abs().double(), inside) for values, inside in pairs])


def _outside(mass: Tensor, inside: Tensor) -> float:
    total = float(mass.sum())
    if inside.all() or not math.isfinite(total):
        return math.nan
    return float(mass[~inside].sum()) / total if total > 0 else float((~inside).double().mean())
