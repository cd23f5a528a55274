"""How much of a map's score is owed to training."""

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from bench.contracts import Context, MetricTags, Undefined
from bench.contracts.plugins import MapMetric, Models


@dataclass(frozen=True)
class LearnedGain:
    """Score of |map| under a trained model less that under the same initialisation without training, mean over models.

    0: whatever the map shows, the image and the architecture show it alone. Columns, each (N,): "" the gain,
    `trained`, `untrained`. Only models whose initialisation was explained untrained count.
    """

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "Adebayo et al., Sanity checks for saliency maps, NeurIPS 2018"
    tags: ClassVar[MetricTags] = MetricTags("compare", True, (-math.inf, math.inf), "skill", assisted=True)

    metric: MapMetric
    truth: str = "counterfactual"
    subjects: int | None = 16

    def compare(self, models: Models, context: Context) -> dict[str, Tensor]:
        """The columns above; raises `Undefined` without the truth or without an untrained map."""
        truth = context.truths.get(self.truth)
        if truth is None:
            raise Undefined(f"learned gain needs the truth '{self.truth}', which this comparison is not given")
        # untrained maps are made of the first data seed's models, one an initialisation
        first = [m for m, d in zip(models.model_seeds, models.data_seeds, strict=True) if d == models.data_seeds[0]]
        place = {seed: row for row, seed in enumerate(first[: len(models.untrained)])}
        pairs = [(row, place[seed]) for row, seed in enumerate(models.model_seeds) if seed in place]
        if not pairs:
            raise Undefined("learned gain needs maps of the models before training")
        before = [self.metric.map(one.abs(), truth, context) for one in models.untrained]
        trained = torch.stack([self.metric.map(models.maps[row].abs(), truth, context) for row, _ in pairs]).mean(dim=0)
        untrained = torch.stack([before[row] for _, row in pairs]).mean(dim=0)
        return {"": trained - untrained, "trained": trained, "untrained": untrained}
