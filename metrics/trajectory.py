"""Continuity where the two images of a pair differ by the disease alone."""

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, ClassVar

import torch
from torch import Tensor, nn

from bench.contracts import Between, BlindSpot, Cohort, Context, Explain, MetricTags, Subjects, bounded
from metrics._shared.domain import domain_of
from metrics._shared.strengths import rendered, require
from metrics.continuity import over_pairs


@bounded
@dataclass(frozen=True)
class TrajectoryContinuity:
    """Continuity along the strengths of a subject's disease.

    A subject is rendered at each of `strengths` of its pathology, healthy to sick, all else kept, and every step of
    that path is a pair, the same for all methods. Column "" is the maximum over a subject's steps, `p95` their 95 %
    quantile, `median` their median. Sums are over the subject's domain; the mean |Phi|_1 is over all subjects and
    strengths. 0: a map that the disease leaves as it is, no merit in itself; no chance and no upper bound, as a map
    may jump however small the step. The unit is 1/intensity: grids, contrasts and other steps are not comparable.
    """

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "Montavon, Samek & Müller, Methods for interpreting DNNs, Digital Signal Processing 2018"
    summary: ClassVar[str] = (
        "|Phi(x_s) - Phi(x_t)|_1 / |x_s - x_t|_2 over the mean |Phi|_1, x_s and x_t a subject at neighbouring "
        "strengths."
    )
    tags: ClassVar[MetricTags] = MetricTags(
        "explainer", False, (0.0, math.inf), "share of |map| per intensity", assisted=True
    )
    question: ClassVar[str] = "Does the map move evenly with the disease?"
    blind_spots: ClassVar[tuple[BlindSpot, ...]] = (
        BlindSpot(
            "a constant explanation is perfect", "test_trajectory.py::test_constant_maps_score_zero_and_scale_is_free"
        ),
    )

    strengths: Annotated[tuple[float, ...], Between(0, 1)] = (0.0, 0.25, 0.5, 0.75, 1.0)
    subjects: Subjects = 8

    def __post_init__(self) -> None:
        require(self, self.strengths, 2)

    def explainer(self, explain: Explain, model: nn.Module, cohort: Cohort, context: Context) -> dict[str, Tensor]:
        """Columns (N,); NaN where a step changes nothing in the domain and where every map is zero.

        Raises `Undefined` without a simulator behind the images.
        """
        inside = domain_of(context, cohort.images)
        paths = torch.stack([rendered(context, s, self.strengths) for s in cohort.subjects.tolist()], dim=1)
        images = [image.to(cohort.images) * inside for image in paths]
        maps = [explain(model, image.to(cohort.images), context).detach() * inside for image in paths]
        scale = torch.stack([_flat(m).abs().sum(dim=1) for m in maps]).mean()
        changes = torch.stack([_flat(b - a).abs().sum(dim=1) for a, b in pairwise(maps)], dim=1)
        distances = torch.stack([_flat(b - a).norm(dim=1) for a, b in pairwise(images)], dim=1)
        defined = (distances > 0) & (scale > 0)
        steps = torch.where(defined, changes / (distances * scale), torch.nan)
        return {name: value.float() for name, value in over_pairs(steps).items()}


def _flat(volumes: Tensor) -> Tensor:
    """Volumes (N, 1, D, H, W) as vectors (N, n) in double precision."""
    return volumes.flatten(1).double()
