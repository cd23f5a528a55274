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
    """Score of |map| under a trained model less that under the same initialisation without training.

    0: whatever the map shows, the image and the architecture show it alone. Columns, each (M, N): "" the gain,
    `trained`, `untrained`; NaN for a model whose initialisation was not explained untrained. Models of one model seed
    share their initialisation, so an interval over data seeds is that of the initialisations used.
    """

    version: ClassVar[str] = "2"
    reference: ClassVar[str] = "Adebayo et al., Sanity checks for saliency maps, NeurIPS 2018"
    tags: ClassVar[MetricTags] = MetricTags("compare", True, (-math.inf, math.inf), "skill", floor=0.0, assisted=True)

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
        if not place:
            raise Undefined("learned gain needs maps of the models before training")
        before, trained = (
            torch.stack([self.metric.map(one.abs(), truth, context) for one in maps])
            for maps in (models.untrained, models.maps)
        )
        unknown = torch.full_like(trained[0], torch.nan)
        untrained = torch.stack([before[place[seed]] if seed in place else unknown for seed in models.model_seeds])
        return {"": trained - untrained, "trained": trained, "untrained": untrained}
