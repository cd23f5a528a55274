"""Tasks that add cues to another task, whose labels, sides and explained score they keep."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bench.contracts import BadInput
from bench.contracts.validity import Validity
from simulators.task.protocol import Labels, Strength, Task
from simulators.task.splits import SHIFTED


class CueTask(Task):
    """A task with cues beside `cause`.

    The reference observer is judged where cues say nothing, and a cue is no part of the label: gaps and edits are
    those of the task without cues.
    """

    cause: Task

    @property
    def labels(self) -> Labels:
        """Labels of the cause, with test streams in which cues no longer go with them."""
        return replace(self.cause.labels, splits=SHIFTED)

    @property
    def validity(self) -> Validity:
        """Gaps of the cause."""
        return self.cause.validity

    def validate(self, parts: int) -> None:
        """Refuse parts that the cause refuses, and a cause whose covariates would go unheard."""
        if self.cause.labels.covariates:
            raise BadInput(
                "task.cause: it has covariates; put the task with covariates around the other, not inside it"
            )
        self.cause.validate(parts)

    def label(self, subject: int) -> float:
        """Label by the cause."""
        return self.cause.label(subject)

    def strength(self, subject: int, do: Mapping[str, Any], stream: str) -> Strength:
        """Strength by the cause."""
        return self.cause.strength(subject, do, stream)

    def edited(self, subject: int, stream: str) -> Sequence[float]:
        """State after the cause's edits."""
        return self.cause.edited(subject, stream)
