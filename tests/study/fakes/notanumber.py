"""Networks and a metric whose values are not numbers."""

from dataclasses import dataclass
from typing import ClassVar

import torch

from bench.contracts import BlindSpot, MetricTags
from bench.networks.linear import Linear


class NaNTraining(Linear):
    """Not a number while it is trained."""

    def forward(self, x):
        return super().forward(x) * (torch.nan if self.training else 1)


class NaNTrained(Linear):
    """Not a number once it has been trained."""

    def __init__(self, in_shape, outputs):
        super().__init__(in_shape, outputs)
        self.register_buffer("trained", torch.zeros((), dtype=torch.bool))

    def forward(self, x):
        if self.training:
            self.trained.fill_(True)
        return super().forward(x) * (torch.nan if self.trained and not self.training else 1)


class NaNUsed(Linear):
    """Not a number once it is used."""

    def forward(self, x):
        return super().forward(x) * (1 if self.training else torch.nan)


@dataclass(frozen=True)
class NaNMetric:
    """Never has a value, and does not say why."""

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "none"
    summary: ClassVar[str] = "No value at all."
    tags: ClassVar[MetricTags] = MetricTags("map", True, (0.0, 1.0), "none")
    question: ClassVar[str] = "Is there any value?"
    blind_spots: ClassVar[tuple[BlindSpot, ...]] = (BlindSpot("everything", "test_study.py"),)
    subjects: int | None = None

    def map(self, maps, truth, context):
        return torch.full((len(maps),), torch.nan)


class Subjectless:
    """A metric that does not say how many subjects it uses."""

    version = "1"
    reference = "none"
    summary = "No subjects."
    tags = NaNMetric.tags
    question = NaNMetric.question
    blind_spots = NaNMetric.blind_spots


class Questionless(NaNMetric):
    """A metric that does not say what it answers."""

    question: ClassVar[str] = ""


class Faultless(NaNMetric):
    """A metric that names no blind spot, but a sentence in place of one."""

    blind_spots: ClassVar[tuple[BlindSpot, ...]] = ("it has none",)


class Summaryless(Linear):
    """A network that does not say what it is."""

    summary: ClassVar[str] = ""
