"""Sensitivity of a map to small changes of the image (Yeh et al., NeurIPS 2019, eq. 2)."""

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from bench.contracts import BlindSpot, Cohort, Context, Count, Explain, MetricTags, Positive, Subjects, bounded
from bench.passes.fills import domain_sd
from metrics._shared.domain import domain_of
from metrics._shared.noise import stream


@bounded
@dataclass(frozen=True)
class MaxSensitivity:
    """Max-sensitivity of a map.

    d is uniform in the cube of half-width `radius` within-domain standard deviations of the subject's image, 0
    outside the domain; its L2 norm is about radius * SD * sqrt(n / 3) for n voxels. The draws come from the subject's
    own stream, so every method meets the same ones, and draw k is the same whatever `draws` is. The maximum grows
    with `draws`: compare only values of one configuration. A constant explanation scores 0: never rank on it alone.
    """

    version: ClassVar[str] = "2"
    reference: ClassVar[str] = "Yeh et al., On the (in)fidelity and sensitivity of explanations, NeurIPS 2019"
    summary: ClassVar[str] = (
        "max over draws of |Phi(x + d) - Phi(x)| / |Phi(x)|, L2 norms inside the domain; column `average` is the mean."
    )
    tags: ClassVar[MetricTags] = MetricTags("explainer", False, (0.0, math.inf), "share of |map|")
    question: ClassVar[str] = "Is the map steady under faint noise?"
    blind_spots: ClassVar[tuple[BlindSpot, ...]] = (
        BlindSpot(
            "a constant explanation is perfect",
            "test_sensitivity.py::test_a_constant_explanation_scores_zero_and_a_zero_map_is_undefined",
        ),
        BlindSpot("fewer draws look steadier", "test_sensitivity.py::test_more_draws_never_lower_the_maximum"),
    )

    radius: Positive = 0.1
    draws: Count = 8
    subjects: Subjects = 4

    def explainer(self, explain: Explain, model: nn.Module, cohort: Cohort, context: Context) -> dict[str, Tensor]:
        """Columns "" (maximum) and `average`, each (N,); NaN where the map of the subject is zero in the domain."""
        images = cohort.images
        inside = domain_of(context, images)
        step = self.radius * domain_sd(images, inside) * inside
        streams = [stream(context, row, "sensitivity") for row in range(len(images))]
        base = explain(model, images, context).detach() * inside
        length = _length(base)
        changes = []
        for _ in range(self.draws):
            noise = torch.stack([torch.rand(images.shape[1:], generator=source) for source in streams]).to(images)
            moved = explain(model, images + step * (2 * noise - 1), context).detach() * inside
            changes.append(_length(moved - base) / length)
        ratios = torch.stack(changes).where(length > 0, torch.nan).float()
        return {"": ratios.amax(dim=0), "average": ratios.mean(dim=0)}


def _length(maps: Tensor) -> Tensor:
    """(N,) L2 norm in double precision: squares of small or large maps leave the range of single precision."""
    return maps.flatten(1).double().norm(dim=1)
