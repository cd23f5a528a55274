"""Severity: a regression of how much of the pathology a subject carries."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar

from bench.contracts import Between, Finite, bounded, impossible
from bench.contracts.validity import Validity
from simulators.anatomy.norms import ages_with_norms
from simulators.task.kinds import REGRESSION, VALUES, amount, even
from simulators.task.protocol import Labels, Task

YOUNGEST, OLDEST = ages_with_norms()
YEARS = "years, which norms of ageing cover"
#: strength of the mean subject, which is everybody's twin
MEAN = 0.5


@bounded
@dataclass(frozen=True)
class Graded(Task):
    """All parts of the pathology at strength t, spread evenly over 0 to 1; the label is t on a scale of its own.

    low, high: labels of no pathology and of all of it (years, points, ...). A subject's twin carries the mean strength,
    so that truths are own minus mean; with the pathology off nobody carries any.
    """

    version: ClassVar[str] = "1"
    validity: ClassVar[Validity] = VALUES
    low: Finite = 0.0
    high: Finite = 1.0

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise impossible(self, "low", self.low, f"less than high={self.high!r}, because it is a growing scale")

    @property
    def labels(self) -> Labels:
        """Values, whose sides lie above and below the mean."""
        return replace(REGRESSION, middle=(self.low + self.high) / 2)

    def label(self, subject: int) -> float:
        """The strength on the label's scale."""
        return self.low + even(subject) * (self.high - self.low)

    def strength(self, subject: int, do: Mapping[str, Any], stream: str) -> float:
        """Strength of every part.

        do: {"pathology": "off" | "on" | "swap"}: none, all, as much as the twin; {"strength": float}.

        Raises:
            BadInput: for an intervention this task does not know, or a strength that is not from 0 to 1.
        """
        return amount(do, {None: even(subject), "off": 0.0, "on": 1.0, "swap": MEAN})


@bounded
@dataclass(frozen=True)
class Age(Graded):
    """An age: all parts of the pathology at the strength that years from `low` to `high` have.

    low, high: years, within those that norms of ageing cover.
    """

    low: Annotated[float, Between(YOUNGEST, OLDEST, open="high", unit=YEARS)] = 45.0
    high: Annotated[float, Between(YOUNGEST, OLDEST, open="low", unit=YEARS)] = 85.0
