"""What a task has of the one it is built around."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, cast

from bench.contracts import BadInput
from bench.contracts.validity import Validity
from simulators.task.protocol import Covaries, Edits, Harmless, Kind, Strength, Task
from simulators.task.splits import SHIFTED


class Around:
    """A task that adds cues to another: labels, sides and the explained score are those of `cause`."""

    splits: ClassVar[tuple[str, ...]] = SHIFTED
    cause: Task

    def validate(self, parts: int) -> None:
        """Refuse parts that the cause refuses, and a cause whose covariates would go unheard."""
        if isinstance(self.cause, Covaries):
            raise BadInput("task.cause has covariates: put the task with covariates around the other, not inside it.")
        self.cause.validate(parts)

    @property
    def kind(self) -> Kind:
        """The cause's."""
        return self.cause.kind

    @property
    def outputs(self) -> int:
        """The cause's."""
        return self.cause.outputs

    @property
    def target(self) -> int | tuple[int, int]:
        """The cause's."""
        return self.cause.target

    @property
    def cycle(self) -> int:
        """The cause's."""
        return self.cause.cycle

    @property
    def period(self) -> int:
        """The cause's."""
        return self.cause.period

    @property
    def products(self) -> bool:
        """As for the cause: the reference observer does not look at cues."""
        return self.cause.products

    @property
    def ceiling(self) -> float:
        """The cause's: the reference observer is judged where cues say nothing."""
        return self.cause.ceiling

    @property
    def validity(self) -> Validity:
        """The cause's: a cue is no part of the label, so its edits and its twins are those of the task without cues."""
        told = Validity({} if isinstance(self.cause, Edits) else {"edit": "the task without cues offers no edits"})
        return Validity.of(self.cause) | told

    @property
    def harmless(self) -> Mapping[str, tuple[int, ...]]:
        """The cause's."""
        return self.cause.harmless if isinstance(self.cause, Harmless) else {}

    def label(self, subject: int) -> float:
        """The cause's label."""
        return self.cause.label(subject)

    def side(self, label: float) -> int:
        """The cause's side."""
        return self.cause.side(label)

    def strength(self, subject: int, do: Mapping[str, Any], stream: str) -> Strength:
        """The cause's strength."""
        return self.cause.strength(subject, do, stream)

    def edited(self, subject: int, stream: str) -> Sequence[float]:
        """The cause's, where it has edits."""
        return cast(Edits, self.cause).edited(subject, stream)
