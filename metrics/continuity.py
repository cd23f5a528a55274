"""Change of a map between images, per change of the image (Montavon et al., 2018)."""

import math
from dataclasses import dataclass
from itertools import combinations
from typing import ClassVar

import torch
from torch import Tensor, nn

from bench.contracts import BlindSpot, Cohort, Context, Explain, MetricTags, Subjects, Undefined, bounded
from metrics._shared.domain import domain_of


@bounded
@dataclass(frozen=True)
class Continuity:
    """Continuity: the change of a map per change of the image.

    The pairs are all pairs of the first `subjects` explained subjects, the same for every method. Column "" is the
    maximum over a subject's pairs, `p95` their 95 % quantile, `median` their median. The mean |Phi|_1, inside the
    domain and over the same subjects, makes it independent of the map's scale; the unit is 1/intensity, so grids
    and contrasts are not comparable. A constant map scores 0: never rank on it alone.
    """

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "Montavon, Samek & Müller, Methods for interpreting DNNs, Digital Signal Processing 2018"
    summary: ClassVar[str] = (
        "|Phi(x) - Phi(x')|_1 / |x - x'|_2 over the mean |Phi|_1, in the union of both domains, a subject "
        "against others."
    )
    tags: ClassVar[MetricTags] = MetricTags("explainer", False, (0.0, math.inf), "share of |map| per intensity")
    question: ClassVar[str] = "Do like images get like maps?"
    blind_spots: ClassVar[tuple[BlindSpot, ...]] = (
        BlindSpot(
            "a constant explanation is perfect", "test_continuity.py::test_constant_maps_score_zero_and_scale_is_free"
        ),
    )

    subjects: Subjects = 8

    def explainer(self, explain: Explain, model: nn.Module, cohort: Cohort, context: Context) -> dict[str, Tensor]:
        """Columns (N,); NaN where two images are equal, and where every map is zero.

        Raises `Undefined` for a lone subject.
        """
        if len(cohort) < 2:
            raise Undefined("continuity needs two subjects or more: it compares their maps")
        images, inside = cohort.images, domain_of(context, cohort.images)
        maps = explain(model, images, context).detach()
        count = len(images)
        scale = (maps.abs() * inside).double().sum() / count
        quotients = torch.full((count, count), math.nan, dtype=torch.float64, device=images.device)
        for a, b in combinations(range(count), 2):
            both = inside[a] | inside[b]
            distance = (images[a] - images[b])[both].double().norm()
            change = (maps[a] - maps[b])[both].double().abs().sum()
            quotients[a, b] = quotients[b, a] = change / distance if distance > 0 else math.nan
        pairs = quotients[~torch.eye(count, dtype=torch.bool)].reshape(count, count - 1) / scale
        return {name: value.float() for name, value in over_pairs(pairs.where(scale > 0, torch.nan)).items()}


def over_pairs(pairs: Tensor) -> dict[str, Tensor]:
    """Maximum, 95 % quantile and median (N,) over the pairs (N, P) of each subject; NaN where a pair is."""
    quantiles = {"": 1.0, "p95": 0.95, "median": 0.5}
    return {name: pairs.quantile(level, dim=1) for name, level in quantiles.items()}
