"""A residualised target: the part of one region's phenotype that others do not predict."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar

from bench.contracts import Between, bounded, impossible
from bench.contracts.validity import Validity
from simulators.task.graded import MEAN
from simulators.task.kinds import REGRESSION, VALUES, amount, beside, even
from simulators.task.protocol import Labels, Task


@bounded
@dataclass(frozen=True)
class Residual(Task):
    """The first part's strength is shared * g + (1 - shared) * e, all others' is g; the label is e.

    g and e are spread evenly over 0 to 1 and independent of each other. The label goes with the first part only, yet it
    is read exactly from the difference of the parts: the others are suppressors. A twin has the mean e and its
    subject's own g, so the truths lie in the first part.

    others: number of parts beside the first. shared: 0 (the label is the first part's phenotype) to 0.9.
    """

    version: ClassVar[str] = "1"
    validity: ClassVar[Validity] = VALUES
    others: Annotated[int, Between(1, 100, unit="parts")] = 1
    shared: Annotated[float, Between(0, 0.9)] = 0.5

    def validate(self, parts: int) -> None:
        """Refuse a pathology whose number of parts is not that of the phenotypes."""
        if parts != 1 + self.others:
            have = f"{parts - 1}, as pathology.parts has {parts}, the residual's own first, or {1 + self.others} parts"
            raise impossible(self, "others", self.others, have)

    @property
    def labels(self) -> Labels:
        """Values; all parts but the first are suppressors."""
        return replace(REGRESSION, middle=MEAN, not_disease={"suppressor": tuple(range(1, 1 + self.others))})

    def label(self, subject: int) -> float:
        """The residual e."""
        return even(subject)

    def strength(self, subject: int, do: Mapping[str, Any], stream: str) -> tuple[float, ...]:
        """Strength of each part.

        do: {"pathology": "on" | "swap"} or {"strength": float} set e to 1, its mean, or that; "off" sets all parts
        to 0.

        Raises:
            BadInput: for an intervention this task does not know, or a strength that is not from 0 to 1.
        """
        residual = amount(do, {None: even(subject), "off": 0.0, "on": 1.0, "swap": MEAN})
        common = 0.0 if do.get("pathology") == "off" else beside(subject)
        return (self.shared * common + (1 - self.shared) * residual, *(common,) * self.others)
