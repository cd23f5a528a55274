"""A residualised target: what one region's phenotype is beyond what others predict of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from bench.contracts import BadInput
from simulators.checks import between
from simulators.task.graded import MEAN
from simulators.task.kinds import Regression, amount, beside, even


@dataclass(frozen=True)
class Residual(Regression):
    """The first part's strength is shared * g + (1 - shared) * e, all others' is g; the label is e.

    g and e are spread evenly over 0 to 1 and independent of each other. The label goes with the first part only, yet it
    is read exactly from the difference of the parts: the others are suppressors. A twin has the mean e and its
    subject's own g, so the truths lie in the first part.

    others: number of parts beside the first. shared: 0 (the label is the first part's phenotype) to 0.9.
    """

    version: ClassVar[str] = "1"
    others: int = 1
    shared: float = 0.5

    def __post_init__(self) -> None:
        between("task.others", self.others, 1, 100, "parts")
        between("task.shared", self.shared, 0, 0.9)

    def validate(self, parts: int) -> None:
        """Refuse a pathology whose number of parts is not that of the phenotypes."""
        if parts != 1 + self.others:
            raise BadInput(
                f"task.others={self.others} needs {1 + self.others} pathology.parts, the residual's own first, not "
                f"{parts}: match them."
            )

    @property
    def harmless(self) -> Mapping[str, tuple[int, ...]]:
        """All parts but the first are suppressors."""
        return {"suppressor": tuple(range(1, 1 + self.others))}

    def label(self, subject: int) -> float:
        """The residual e."""
        return even(subject)

    def side(self, label: float) -> int:
        """1 above the mean."""
        return int(label > MEAN)

    def strength(self, subject: int, do: Mapping[str, Any], stream: str) -> tuple[float, ...]:
        """How much of each part is present.

        do: {"pathology": "on" | "swap"} or {"strength": float} set e to 1, its mean, or that; "off" sets all parts
        to 0.

        Raises:
            BadInput: for an intervention this task does not know, or a strength that is not from 0 to 1.
        """
        residual = amount(do, {None: even(subject), "off": 0.0, "on": 1.0, "swap": MEAN})
        common = 0.0 if do.get("pathology") == "off" else beside(subject)
        return (self.shared * common + (1 - self.shared) * residual, *(common,) * self.others)
