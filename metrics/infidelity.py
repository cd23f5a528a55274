"""Infidelity (Yeh et al., NeurIPS 2019) as a share of what a map of zeros leaves unexplained."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

import torch
from torch import Tensor

from bench.contracts import (
    Attribution,
    BlindSpot,
    Context,
    MetricTags,
    Outputs,
    Perturbation,
    Subjects,
    Undefined,
    bounded,
)
from metrics._shared.similarity import rank_agreement


def weights(attribution: Attribution, quantity: str) -> Tensor | None:
    """The weights that a perturbation I is multiplied with to predict the change of the score.

    The map of a sensitivity, the multiplier M of a contribution (its map is M * (x - b), so nothing is divided), and
    None for a location or where a contribution came without its multiplier.
    """
    return {"sensitivity": attribution.map, "contribution": attribution.multiplier}.get(quantity)


_OF_SCALING = {
    "fitted": BlindSpot("the wrong scale", "test_blind_spots_edits.py::test_fitted_infidelity_sees_no_scale"),
    "none": BlindSpot(
        "twice the exact map is worth as much as zeros",
        "test_blind_spots_edits.py::test_raw_infidelity_takes_another_unit_for_ignorance",
    ),
}

_TAGS = MetricTags(
    "model",
    False,
    (0.0, math.inf),
    "share of df^2",
    quantities=frozenset({"sensitivity", "contribution"}),
    laws=frozenset({"residual"}),
)


@bounded
@dataclass(frozen=True)
class Infidelity:
    """Infidelity relative to a map of zeros.

    p = I . Phi for sensitivities, I . M for contributions; df = f(x) - f(x - I). With scaling `fitted`, beta >= 0 is
    the least-squares scale of (model, method), fitted on one half of the subjects and applied to the other, 0 where p
    is 0; with `none` it is 1. A method at the wrong scale passes the first, one of the wrong sign fails both.
    """

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "Yeh et al., On the (in)fidelity and sensitivity of explanations, NeurIPS 2019"
    summary: ClassVar[str] = (
        "sum (beta p - df)^2 / sum df^2 over the subjects and perturbations of a model: 0 exact, 1 a map of zeros."
    )
    assisted: ClassVar[bool] = False
    question: ClassVar[str] = "Does the map predict what an edit of the image does?"

    perturbation: Perturbation
    scaling: Literal["fitted", "none"] = "fitted"
    subjects: Subjects = 16

    @property
    def tags(self) -> MetricTags:
        """At a scale that is fitted, a map that knows nothing does as well as zeros; at its own, as its size has it."""
        return replace(_TAGS, chance=1.0 if self.scaling == "fitted" else None, assisted=self.assisted)

    @property
    def blind_spots(self) -> tuple[BlindSpot, ...]:
        """Those of its scaling and of its perturbations."""
        return (_OF_SCALING[self.scaling], *getattr(self.perturbation, "blind_spots", ()))

    def model(
        self, attributions: Mapping[str, Attribution], quantities: Mapping[str, str], outputs: Outputs, context: Context
    ) -> dict[str, Tensor]:
        """(N,) values per method whose mean is the pooled ratio; NaN for locations and where no score changes.

        Raises `Undefined` for a lone subject where the scale is fitted.
        """
        factors = {name: weights(a, quantities[name]) for name, a in attributions.items()}
        known = {name: factor for name, factor in factors.items() if factor is not None}
        n = len(next(iter(attributions.values())).map) if attributions else 0
        if n == 1 and self.scaling == "fitted":
            raise Undefined("infidelity needs two subjects or more: the scale of one is fitted on others")
        predicted: dict[str, list[Tensor]] = {name: [] for name in known}
        changes: list[Tensor] = []
        for row in range(n):
            moved, change = outputs(self.perturbation, row)
            flat = moved.flatten(1).double()
            changes.append(change.double().cpu())
            for name, factor in known.items():
                # One product a method: in a joint product the last bits of a method would depend on which others run.
                predicted[name].append((flat @ factor[row].flatten().to(flat)).cpu())
        halves = _halves(context.subjects or tuple(range(n)))
        scores = {name: self._ratio(p, changes, halves) for name, p in predicted.items()}
        return {name: scores.get(name, torch.full((n,), math.nan)) for name in attributions}

    def _ratio(self, predicted: list[Tensor], changes: list[Tensor], halves: Tensor) -> Tensor:
        total = sum(float(c.square().sum()) for c in changes)
        scales = _cross_fitted(predicted, changes, halves) if self.scaling == "fitted" else [1.0] * len(changes)
        triples = zip(scales, predicted, changes, strict=True)
        left = torch.stack([(scale * p - change).square().sum() for scale, p, change in triples])
        return (left * (len(left) / total if total > 0 else math.nan)).float()


@bounded
@dataclass(frozen=True)
class InfidelityRank:
    """Rank correlation of mass with score changes.

    Needs no scale, sign or multiplier, so it is defined for every quantity, locations included. For local families:
    one that changes every voxel gives every perturbation the same mass and every map 0.
    """

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "Alvarez-Melis & Jaakkola, NeurIPS 2018 (faithfulness as a correlation)"
    summary: ClassVar[str] = (
        "Spearman correlation, over the perturbations of a subject, of the map's mass in the changed voxels with |df|."
    )
    # a redraw changes voxels outside the domain too, and what the map says of them is asked
    tags: ClassVar[MetricTags] = MetricTags("model", True, (-1.0, 1.0), "correlation", laws=frozenset())
    question: ClassVar[str] = "Does it say which edits matter more?"
    blind_spots: ClassVar[tuple[BlindSpot, ...]] = (
        BlindSpot(
            "size: a constant map ranks edits by how much they change",
            "test_blind_spots_edits.py::test_ranks_of_edits_reward_a_constant_map",
        ),
    )

    perturbation: Perturbation
    subjects: Subjects = 16

    def model(
        self, attributions: Mapping[str, Attribution], quantities: Mapping[str, str], outputs: Outputs, context: Context
    ) -> dict[str, Tensor]:
        """(N,) correlations per method; NaN where the score does not change, 0 for a map of zeros."""
        n = len(next(iter(attributions.values())).map) if attributions else 0
        values: dict[str, list[float]] = {name: [] for name in attributions}
        for row in range(n):
            moved, change = outputs(self.perturbation, row)
            touched = (moved.flatten(1) != 0).double()
            size = change.abs().double().cpu().numpy()
            for name, attribution in attributions.items():
                mass = touched @ attribution.map[row].abs().flatten().to(touched)
                values[name].append(rank_agreement(mass.cpu().numpy(), size))
        return {name: torch.tensor(scores, dtype=torch.float32) for name, scores in values.items()}


def _halves(subjects: tuple[int, ...]) -> Tensor:
    """(N,) bool, the half each subject is in: A B B A by rank of its number.

    By number, so that the order of the rows does not matter; A B B A, so that cohorts which list patients first and
    cohorts which alternate both put as many patients in either half.
    """
    rank = torch.tensor(subjects).argsort().argsort()
    return (rank % 4 == 1) | (rank % 4 == 2)


def _cross_fitted(predicted: list[Tensor], changes: list[Tensor], halves: Tensor) -> list[float]:
    """The scale for each subject, fitted on the other half, which no two subjects or more leave empty."""
    along = torch.stack([(p * c).sum() for p, c in zip(predicted, changes, strict=True)])
    length = torch.stack([p.square().sum() for p in predicted])
    return [_slope(along[halves != half], length[halves != half]) for half in halves]


def _slope(along: Tensor, length: Tensor) -> float:
    """sum p df / sum p^2, at least 0; 0 where p is 0."""
    total = length.sum()
    return 0.0 if total == 0 else float((along.sum() / total).clamp(min=0))
