"""Agreement of a map with its own question: what a region at the method's own baseline does to the score."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from bench.contracts import (
    Attribution,
    BadInput,
    BlindSpot,
    Context,
    MetricTags,
    Outputs,
    Subjects,
    Unsupported,
    bounded,
)
from metrics.regions import RegionSpearman, region_mass


@dataclass(unsafe_hash=True)
class FromBaseline:
    """I = x - x', x' the image with one region at the baseline of a map: equal for maps that have one baseline.

    content: hash of the others, which alone is compared. baseline: (1, D, H, W) of a subject. labels: (D, H, W).
    regions: labels above 0, which are taken in turn.
    """

    content: str
    baseline: Tensor = field(compare=False)
    labels: Tensor = field(compare=False)
    regions: tuple[int, ...]
    count: int
    name: str = "from baseline"

    @classmethod
    def of(cls, baseline: Tensor, labels: Tensor) -> "FromBaseline":
        """The family of a baseline and labels."""
        regions = tuple(label for label in labels.unique().tolist() if label > 0)
        both = b"".join(part.cpu().contiguous().numpy().tobytes() for part in (baseline, labels))
        return cls(sha256(both).hexdigest(), baseline, labels, regions, len(regions))

    def draw(self, inputs: Tensor, context: Context, row: int) -> Tensor:
        """Perturbations (R, 1, D, H, W) of the subject in this row of inputs (N, 1, D, H, W)."""
        inside = torch.stack([self.labels == label for label in self.regions])[:, None]
        return (inputs[row] - self.baseline) * inside.to(inputs.device)


def _start(attribution: Attribution, quantity: str) -> Tensor | None:
    """The images (N, 1, D, H, W) that a map is counted from, None where it has none; of contributions often zero."""
    if quantity == "contribution":
        return attribution.start if attribution.multiplier is not None else None
    return attribution.baseline


@bounded
@dataclass(frozen=True)
class OwnQuestion:
    """Own question of a method with a reference.

    A map says what of f(x) - f(b) each region owns, for its own baseline b. Here that is asked as it stands: does its
    mass rank the regions as f(x) - f(x with the region at b) does? Nothing is drawn, so every region counts. 1
    for integrated gradients on a linear model whatever the baseline. `use` grants that from the redraw mean alone: from
    zero a region owns its brightness too, which every redraw keeps (`methods/_shared/reference.py`). Methods that cover
    parts of an image are asked with their cover. `Unsupported` where no map has a baseline of its own: a gradient, or
    a mean over many references.
    """

    version: ClassVar[str] = "2"
    reference: ClassVar[str] = "Sundararajan, Taly & Yan, ICML 2017 (baselines); Ancona et al., ICLR 2018 (occlusion)"
    summary: ClassVar[str] = (
        "Spearman correlation of regional mass with f(x) - f(region at the method's own baseline), both in size."
    )
    tags: ClassVar[MetricTags] = MetricTags(
        "model",
        True,
        (-1.0, 1.0),
        "correlation",
        quantities=frozenset({"contribution", "location"}),
        laws=frozenset(),
        missing="the map has no baseline of its own, or no region matters to the score",
    )
    question: ClassVar[str] = "Does the map answer the question that its own baseline asks?"
    blind_spots: ClassVar[tuple[BlindSpot, ...]] = (
        BlindSpot(
            "a baseline that is far from any brain",
            "test_own_question.py::test_a_baseline_far_from_any_brain_is_no_fault",
        ),
    )

    subjects: Subjects = 16

    def model(
        self, attributions: Mapping[str, Attribution], quantities: Mapping[str, str], outputs: Outputs, context: Context
    ) -> dict[str, Tensor]:
        """(N,) scores per method, NaN without a baseline; raises `Unsupported` where none has one."""
        starts = {name: _start(attribution, quantities[name]) for name, attribution in attributions.items()}
        if all(start is None for start in starts.values()):
            raise Unsupported("the map is not counted from one image, so that there is no baseline to ask with")
        return {name: self._scores(one.map, starts[name], outputs, context) for name, one in attributions.items()}

    def _scores(self, maps: Tensor, starts: Tensor | None, outputs: Outputs, context: Context) -> Tensor:
        if context.regions is None:
            raise BadInput("there are no `regions` in the context; give the subjects' labels")
        if starts is None:
            return torch.full((len(maps),), torch.nan)
        count, scores = len(context.region_names) or int(context.regions.max()), []
        for row, (volume, start) in enumerate(zip(maps, starts, strict=True)):
            labels = context.regions[row]
            asked = FromBaseline.of(start, labels[0])
            change = outputs(asked, row)[1].double().cpu().numpy()
            mass = region_mass(volume[None], labels[None], count)[0]
            present = [label - 1 for label in asked.regions]
            scores.append(RegionSpearman().subject(mass[present], change, np.zeros_like(change)))
        return torch.tensor(scores, dtype=torch.float32)
