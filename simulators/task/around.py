"""What a task has of the one it is built around."""

from typing import ClassVar

from bench.contracts import BadInput
from bench.contracts.validity import Limited, Validity
from simulators.task.protocol import Covaries, Kind, Task
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
    def products(self) -> bool:
        """As for the cause: the reference observer does not look at cues."""
        return self.cause.products

    @property
    def ceiling(self) -> float:
        """The cause's: the reference observer is judged where cues say nothing."""
        return self.cause.ceiling

    @property
    def validity(self) -> Validity:
        """The cause's, without its edits."""
        own = Validity({"edit": "edits are offered by the task without cues"})
        return self.cause.validity | own if isinstance(self.cause, Limited) else own

    def label(self, subject: int) -> float:
        """The cause's label."""
        return self.cause.label(subject)

    def side(self, label: float) -> int:
        """The cause's side."""
        return self.cause.side(label)
