"""Relevance against severity of the disease."""

from dataclasses import dataclass
from itertools import chain
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from bench.contracts import BlindSpot, Cohort, Context, Count, Explain, MetricTags, Subjects, Undefined, bounded
from bench.passes.resets import with_fresh_layers
from metrics._shared.domain import domain_of
from metrics._shared.layers import layers
from metrics._shared.noise import stream
from metrics._shared.similarity import rank_correlation


@bounded
@dataclass(frozen=True)
class SeverityRelevance:
    """Correlation of relevance with severity.

    Relevance that grows with the disease is no evidence where the image alone makes it grow: a map multiplied by the
    input does so under any weights. The control is the same network with every layer reset, mean of `draws` times.
    Columns, one value per model: "" the difference, `trained`, `untrained`. Who is a patient, the context says.
    """

    version: ClassVar[str] = "2"
    reference: ClassVar[str] = "Adebayo et al., NeurIPS 2018 (reset networks); Spearman, 1904"
    summary: ClassVar[str] = (
        "Spearman correlation over patients of total |map| with total |truth|, less that of untrained networks."
    )
    # of four subjects two are patients
    tags: ClassVar[MetricTags] = MetricTags(
        "explainer", True, (-2.0, 2.0), "correlation", floor=0.0, assisted=True, fewest_subjects=5
    )
    question: ClassVar[str] = "Does more disease draw more relevance?"
    blind_spots: ClassVar[tuple[BlindSpot, ...]] = (
        BlindSpot(
            "the image alone, hence the control",
            "test_untrained.py::test_relevance_that_the_image_alone_makes_grow_is_no_gain",
        ),
    )

    truth: str = "counterfactual"
    draws: Count = 3
    subjects: Subjects = 16

    def explainer(self, explain: Explain, model: nn.Module, cohort: Cohort, context: Context) -> dict[str, Tensor]:
        """The columns above; raises `Undefined` without a voxel truth or with fewer than three patients."""
        truth = context.truths.get(self.truth)
        if truth is None or truth.volume is None:
            raise Undefined(f"severity needs the truth '{self.truth}' with a volume")
        inside = domain_of(context, cohort.images)
        patients = (context.sides(cohort.targets) == 1).cpu().numpy()
        if patients.sum() < 3:
            raise Undefined("severity needs three patients or more")
        dose = _total(truth.volume, inside)[patients]

        def follows(one: nn.Module) -> float:
            totals = _total(explain(one, cohort.images, context).detach(), inside)
            return rank_correlation(totals[patients], dose)

        first = min(range(len(cohort)), key=lambda row: int(cohort.subjects[row]))
        seed = stream(context, first, "severity").initial_seed() % 2**62
        every = list(chain(*layers(model)))
        trained = follows(model)
        untrained = float(
            np.mean([follows(with_fresh_layers(model, every, seed + draw)) for draw in range(self.draws)])
        )
        columns = {"": trained - untrained, "trained": trained, "untrained": untrained}
        return {name: torch.tensor(value, dtype=torch.float32) for name, value in columns.items()}


def _total(maps: Tensor, inside: Tensor) -> np.ndarray:
    """(N,) sum of |map| in the domain."""
    return np.asarray((maps.abs().double() * inside).flatten(1).sum(dim=1).cpu())
