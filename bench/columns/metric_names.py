"""Names in the column `metric`: a metric, or one of its columns, and what the name of such a column says."""

import re
from collections.abc import Iterable
from typing import NamedTuple, Self

_STEP = re.compile(r"layer_(\d+)_of_(\d+)")


class MetricName(NamedTuple):
    """A metric, or one of its columns, written `metric.column`; the name of a metric holds no dot."""

    metric: str
    column: str = ""

    @classmethod
    def of(cls, text: str) -> Self:
        """The name that a row of scores holds."""
        metric, _, column = text.partition(".")
        return cls(metric, column)

    def __str__(self) -> str:
        return f"{self.metric}.{self.column}" if self.column else self.metric


def label_of(metric: str, labels: Iterable[str]) -> str:
    """The label of a metric among those of a study: its name, or the only one that says what was changed of it."""
    alike = {label for label in labels if label == metric or label.startswith(f"{metric}-")}
    return metric if metric in alike or len(alike) != 1 else alike.pop()


class LayerStep(NamedTuple):
    """The column of a point of a curve over layers: `step` of `steps` are reset."""

    step: int
    steps: int

    @classmethod
    def of(cls, column: str) -> Self | None:
        """The point that a column holds, or None."""
        match = _STEP.fullmatch(column)
        return match and cls(*map(int, match.groups()))

    def __str__(self) -> str:
        return f"layer_{self.step}_of_{self.steps}"


class RegionColumn(NamedTuple):
    """The column of one region. quantity: one of `QUANTITIES`."""

    quantity: str
    region: str

    @classmethod
    def of(cls, column: str) -> Self | None:
        """The quantity and region that a column holds, or None."""
        quantity, parted, region = column.partition("_")
        return cls(quantity, region) if parted and quantity in QUANTITIES else None

    def __str__(self) -> str:
        return f"{self.quantity}_{self.region}"


#: groups of subjects whose mean share of the map in a region has a column
SIDES = ("patients", "controls")
#: that share; the t of patients less controls; the intraclass correlation
QUANTITIES = (*SIDES, "t", "icc")
