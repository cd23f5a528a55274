"""Single cause: patients carry the pathology, controls do not."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from bench.contracts import bounded
from bench.contracts.validity import Validity
from simulators.task.kinds import amount
from simulators.task.protocol import Labels, Task


@bounded
@dataclass(frozen=True)
class SingleCause(Task):
    """Two balanced classes; odd subjects are patients. The explained score is z1 - z0 for every subject."""

    version: ClassVar[str] = "1"
    labels: ClassVar[Labels] = Labels("classes", outputs=2, target=(1, 0), cycle=2)
    validity: ClassVar[Validity] = Validity({"edit": "one cause decides the label: its edit is the counterfactual"})

    def label(self, subject: int) -> int:
        """1 for patients. The label is the subject's parity, so any even range is balanced."""
        return subject % 2

    def strength(self, subject: int, do: Mapping[str, Any], stream: str) -> float:
        """Strength of the pathology: the label, unless `do` says otherwise.

        do: {"pathology": "off" | "on" | "swap"} or {"strength": float}.

        Raises:
            BadInput: for an intervention this task does not know, or a strength that is not from 0 to 1.
        """
        return amount(do, {None: self.label(subject), "off": 0, "on": 1, "swap": 1 - self.label(subject)})
