"""Sign of a map on planted tissue."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from bench.contracts import Attribution, BlindSpot, Context, MetricTags, Outputs, Subjects, bounded
from metrics._shared.domain import domain_of, volume_of
from metrics.infidelity import weights


@bounded
@dataclass(frozen=True)
class SignAgreement:
    """Agreement of signs on planted tissue.

    The truth is the image with the pathology less the image without it, so a weight of its sign says that the
    pathology raises the score, in patients and controls alike. The weight is the map of a sensitivity and the
    multiplier M of a contribution, whose map M * (x - b) has the sign of x - b as well. Undefined for locations and
    contributions without a multiplier, and where the truth is empty.
    """

    version: ClassVar[str] = "2"
    reference: ClassVar[str] = (
        "Simonyan et al., ICLR Workshop 2014 (sensitivity); Yeh et al., NeurIPS 2019 (multiplier)"
    )
    summary: ClassVar[str] = (
        "Share of |truth| in the domain where the map's weight times the signed truth is above 0; a weight of 0 is 1/2."
    )
    tags: ClassVar[MetricTags] = MetricTags(
        "model",
        True,
        (0.0, 1.0),
        "share",
        chance=0.5,
        quantities=frozenset({"sensitivity", "contribution"}),
        assisted=True,
    )
    question: ClassVar[str] = "Does the map say whom a voxel speaks for?"
    blind_spots: ClassVar[tuple[BlindSpot, ...]] = (
        BlindSpot(
            "a constant, where the truth has one sign",
            "test_blind_spots.py::test_sign_agreement_is_perfect_for_a_constant_where_truth_has_one_sign",
        ),
    )

    subjects: Subjects = None

    def model(
        self, attributions: Mapping[str, Attribution], quantities: Mapping[str, str], outputs: Outputs, context: Context
    ) -> dict[str, Tensor]:
        """(N,) shares per method, against the context's truth `counterfactual`."""
        maps = next(iter(attributions.values())).map
        truth = volume_of(context.truths.get("counterfactual"), maps, context, self)
        signed = truth * domain_of(context, truth)
        factors = {name: weights(a, quantities[name]) for name, a in attributions.items()}
        return {name: _agreement(factor, signed) for name, factor in factors.items()}


def _agreement(weight: Tensor | None, truth: Tensor) -> Tensor:
    """(N,) shares of |truth| (N, 1, D, H, W) where weight and truth agree; NaN without finite weights or truth."""
    if weight is None:
        return torch.full((len(truth),), math.nan)
    size = truth.abs().flatten(1).double()
    right = (weight.sign() * truth.sign()).flatten(1).double().to(size) / 2 + 0.5
    known = weight.flatten(1).isfinite().all(dim=1).to(size.device)
    return ((right * size).sum(dim=1) / size.sum(dim=1)).where(known, math.nan).float()
