"""Learned gain: the part of a map's score that is owed to training."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from bench.contracts import (
    BlindSpot,
    Context,
    MapMetric,
    MetricTags,
    Models,
    Share,
    Subjects,
    Truth,
    Undefined,
    bounded,
)


@bounded
@dataclass(frozen=True)
class LearnedGain:
    """Learned gain: the score of a map owed to training.

    0: whatever the map shows, the image and the architecture show it alone. Columns, each (M, N): "" the gain,
    `trained`, `untrained`. truth: one of the subjects, or `use`, what each trained model uses. Models of one model
    seed share their initialisation, so an interval over data seeds is that of the initialisations used.
    """

    version: ClassVar[str] = "3"
    reference: ClassVar[str] = "Adebayo et al., Sanity checks for saliency maps, NeurIPS 2018"
    summary: ClassVar[str] = (
        "Score of a map's size under a trained model less that under the same initialisation without training."
    )
    tags: ClassVar[MetricTags] = MetricTags("compare", True, (-math.inf, math.inf), "skill", floor=0.0, assisted=True)
    question: ClassVar[str] = "What did training add?"
    blind_spots: ClassVar[tuple[BlindSpot, ...]] = (
        BlindSpot(
            "a map that was right before gains nothing",
            "test_untrained.py::test_training_that_changes_no_map_gains_nothing",
        ),
        BlindSpot(
            "a template of the disease's place that is blended with a little of the gradient",
            "test_blends.py::test_blends_pass_the_gates_of_gain",
        ),
    )

    metric: MapMetric
    truth: str = "counterfactual"
    subjects: Subjects = 16

    def compare(self, models: Models, context: Context) -> dict[str, Tensor]:
        """The columns above; raises `Undefined` without the truth or without the untrained maps."""
        truths = self._truths(models, context)
        before = dict(zip(models.untrained_seeds, models.untrained, strict=True))
        if missing := set(models.init_seeds) - set(before):
            raise Undefined(f"learned gain needs maps of the models before training: seed {min(missing)} has none")
        seen = (lambda maps: maps) if self.metric.tags.regional else torch.abs
        trained, untrained = (
            torch.stack([self.metric.map(seen(one), truth, context) for one, truth in zip(maps, truths, strict=True)])
            for maps in (models.maps, [before[seed] for seed in models.init_seeds])
        )
        return {"": trained - untrained, "trained": trained, "untrained": untrained}

    def _truths(self, models: Models, context: Context) -> Sequence[Truth]:
        """(M,) the truth for each model: its own `use`, or one of the subjects that all share."""
        if self.truth == "use":
            return models.uses
        if self.truth not in context.truths:
            raise Undefined(f"learned gain needs the truth '{self.truth}', which this comparison is not given")
        return [context.truths[self.truth]] * len(models.maps)


@bounded
@dataclass(frozen=True)
class LearnedShare(LearnedGain):
    """Learned share: whether training gives a map the larger part of its score.

    The score under the trained model, less the share `least` of it, less the score under the same initialisation
    without training. A template of the disease's place, blended with a little of a gradient, gains by training and has
    most of its score without. Columns as those of `LearnedGain`.
    """

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = LearnedGain.reference
    summary: ClassVar[str] = (
        "Score of a map's size under a trained model, less the share `least` of it, less that without training."
    )
    question: ClassVar[str] = "Is most of the score owed to training?"
    blind_spots: ClassVar[tuple[BlindSpot, ...]] = (
        BlindSpot(
            "a template that is shown under trained models alone",
            "test_blends.py::test_a_template_that_hides_until_a_model_has_learnt_is_told_where_places_move_and_there_alone",
        ),
    )

    least: Share = 0.5

    def compare(self, models: Models, context: Context) -> dict[str, Tensor]:
        """The columns of `LearnedGain`, the first less `least` of the score under the trained model."""
        columns = super().compare(models, context)
        return {**columns, "": columns[""] - self.least * columns["trained"]}
