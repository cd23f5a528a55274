"""Bounds of numbers, to be declared on the fields of a plug-in: `window: Annotated[int, AtLeast(1)] = 6`."""

import math
from dataclasses import dataclass
from typing import Annotated, Any, Literal

#: what lies beyond is a slip of the keyboard: it would fill memory, never end, or lose all digits of single precision
MOST, FARTHEST, NEAREST = 10**6, 1e9, 1e-9


@dataclass(frozen=True)
class Between:
    """Finite numbers from `low` to `high` in a unit; the ends that `open` names are not among them."""

    low: float = -FARTHEST
    high: float = FARTHEST
    open: Literal["none", "low", "high", "both"] = "none"
    unit: str = ""

    def holds(self, value: Any) -> bool:
        """True for a number that lies there."""
        above = value > self.low if self.open in ("low", "both") else value >= self.low
        below = value < self.high if self.open in ("high", "both") else value <= self.high
        return math.isfinite(value) and above and below

    def __str__(self) -> str:
        low = f"{'above' if self.open in ('low', 'both') else 'of at least'} {self.low:.15g}"
        high = f"{'below' if self.open in ('high', 'both') else 'at most'} {self.high:.15g}"
        ends = f"{low} and {high}"
        return f"{ends} {self.unit}" if self.unit else ends


@dataclass(frozen=True)
class Multiple:
    """The multiples of a whole number that are above 0, up to MOST."""

    of: int

    def holds(self, value: Any) -> bool:
        """True for a number that is one."""
        return 0 < value <= MOST and value % self.of == 0

    def __str__(self) -> str:
        return f"that is a multiple of {self.of} above 0 and at most {MOST}"


def AtLeast(low: int) -> Between:
    """Whole numbers from `low` on, as many as anything takes."""
    return Between(low, MOST)


def Above(low: float) -> Between:
    """Numbers beyond `low`, as large as anything takes."""
    return Between(low, open="low")


#: a whole number from 1 on
Count = Annotated[int, AtLeast(1)]
#: subjects that something is computed for; None is all there are
Subjects = Count | None
#: any number but infinity, NaN, and what is beyond all scales
Finite = Annotated[float, Between()]
#: a number above 0
Positive = Annotated[float, Between(NEAREST)]
#: a number from 0 on
NonNegative = Annotated[float, Between(0)]
#: a part of a whole, not empty
Share = Annotated[float, Between(0, 1, "low")]
#: a part of a whole, neither empty nor all of it
Part = Annotated[float, Between(0, 1, "both")]
