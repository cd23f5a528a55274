"""Covariates that go with the label while training, and less or not at all elsewhere."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from bench.contracts import bounded, impossible
from simulators.covariates import Covariate
from simulators.task.cue_task import CueTask
from simulators.task.protocol import Labels, Task
from simulators.task.splits import sign


@bounded
@dataclass(frozen=True)
class Confounded(CueTask):
    """Any task whose subjects also differ by covariates that go with their side.

    Their correlations hold in training, validation and test; stream `reversed` has their negative, the explained
    subjects and all other streams, `decorrelated` among them, have none. Twins share them; with the pathology off they
    say nothing, so that nothing is left to tell the sides apart.
    """

    version: ClassVar[str] = "1"
    cause: Task
    covariates: tuple[Covariate, ...]

    def __post_init__(self) -> None:
        names = [covariate.name for covariate in self.covariates]
        if not names or len(set(names)) < len(names):
            raise impossible(self, "covariates", names, "one or more, each with its own name")

    @property
    def labels(self) -> Labels:
        """Labels of the cause, and the covariates that go with them."""
        return replace(super().labels, covariates=self.covariates)

    def covariate_values(
        self, subject: int, stream: str, draw: Callable[[str], np.random.Generator], free: bool
    ) -> dict[str, float]:
        """The subject's covariates by name; `free` of its side or as the stream has it."""
        side = {1: 1, 0: -1, -1: 0}[self.labels.side(self.label(subject))]
        return {c.name: c.value(side, 0 if free else sign(stream), draw) for c in self.covariates}
