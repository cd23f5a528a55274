"""Labels that depend on which parts of the pathology occur together: OR, AND, XOR, redundancy, distractors."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import lcm
from typing import Any, ClassVar

import numpy as np

from bench.contracts import BadInput

Pattern = tuple[int, ...]


@dataclass(frozen=True)
class Patterns:
    """Two balanced classes, each a list of patterns that its subjects carry in turn; odd subjects are patients.

    sick, well: patterns, each 1 or 0 for present or absent, a number a part. A part is a cause if its change alters the
    label anywhere; the others are distractors, which twins share. The explained score is z1 - z0 for every subject.
    """

    version: ClassVar[str] = "1"
    outputs: ClassVar[int] = 2
    target: ClassVar[tuple[int, int]] = (1, 0)
    sick: tuple[Pattern, ...]
    well: tuple[Pattern, ...]

    def __post_init__(self) -> None:
        patterns = [*self.sick, *self.well]
        wrong = [p for p in patterns if len(p) != len(patterns[0]) or not set(p) <= {0, 1}]
        if not self.sick or not self.well or wrong or len(set(patterns)) < len(patterns):
            raise BadInput(
                f"task.sick={self.sick!r} and task.well={self.well!r} are not possible: give each one or more patterns "
                "of 0 and 1, all of one length and none twice."
            )

    def validate(self, parts: int) -> None:
        """Refuse a pathology whose number of parts is not that of the patterns.

        Raises:
            BadInput: naming both numbers.
        """
        if parts != len(self.sick[0]):
            raise BadInput(
                f"task.sick has patterns of {len(self.sick[0])} parts, pathology.parts has {parts}: match them."
            )

    @property
    def cycle(self) -> int:
        """Subjects after which the patterns of both classes repeat."""
        return 2 * lcm(len(self.sick), len(self.well))

    @property
    def products(self) -> bool:
        """Whether every part is as frequent in one class as in the other, so that only combinations tell (XOR)."""
        return bool(np.allclose(np.mean(self.sick, 0), np.mean(self.well, 0)))

    @property
    def causes(self) -> Pattern:
        """1 for each part whose change alters the label of any pattern."""
        flips = [{_flip(p, k) for p in self.sick} for k in range(len(self.sick[0]))]
        return tuple(int(flipped != set(self.sick)) for flipped in flips)

    def label(self, subject: int) -> int:
        """1 for patients."""
        return subject % 2

    def strength(self, subject: int, do: Mapping[str, Any], stream: str) -> tuple[float, ...]:
        """How much of each part is present: the subject's pattern, unless `do` says otherwise.

        do: {"pathology": "off" | "on" | "swap"}: no cause; a pattern of patients; the pattern of the twin.
        {"strength": float} scales the causes of "on". {"parts": pattern} sets every part.

        Raises:
            BadInput: for an intervention this task does not know.
        """
        own, other = self.pattern(subject), self.twin(subject)
        on = own if self.label(subject) else other
        off = self._without_causes(own)
        states = {None: own, "off": off, "on": on, "swap": other}
        parts = do.get("parts", own)
        unknown = set(do) - {"pathology", "strength", "parts"} or do.get("pathology") not in states
        if len(do) > 1 or unknown or len(parts) != len(own):
            raise BadInput(
                f"do={dict(do)!r} is not an intervention of this task: set one of pathology (off, on, swap), strength "
                "and parts."
            )
        scale = float(do.get("strength", 1.0))
        state = on if "strength" in do else parts if "parts" in do else states[do.get("pathology")]
        return tuple(float(s) * (scale if cause else 1.0) for s, cause in zip(state, self.causes, strict=True))

    def pattern(self, subject: int) -> Pattern:
        """The parts that a subject carries."""
        own = self._class(subject)
        return own[subject // 2 % len(own)]

    def twin(self, subject: int) -> Pattern:
        """The other label at the same distractors: all causes off if that heals, else a smallest change, in turn."""
        own, healed = self.pattern(subject), self._without_causes(self.pattern(subject))
        if self.label(subject) and healed in self.well:
            return healed
        nearest = list(self._nearest(subject, own))
        turn = subject // 2 // len(self._class(subject))
        return nearest[turn % len(nearest)]

    def edited(self, subject: int) -> Pattern:
        """The subject's pattern with every part changed that belongs to any smallest flip of the label."""
        own = self.pattern(subject)
        changed = np.any([np.not_equal(own, other) for other in self._nearest(subject, own)], axis=0)
        return tuple(int(s) ^ int(c) for s, c in zip(own, changed, strict=True))

    def _class(self, subject: int) -> tuple[Pattern, ...]:
        return self.sick if self.label(subject) else self.well

    def _nearest(self, subject: int, own: Pattern) -> Iterator[Pattern]:
        others = self._class(subject + 1)
        distance = [int(np.not_equal(own, other).sum()) for other in others]
        return (other for other, d in zip(others, distance, strict=True) if d == min(distance))

    def _without_causes(self, pattern: Pattern) -> Pattern:
        return tuple(s * (1 - cause) for s, cause in zip(pattern, self.causes, strict=True))


def _flip(pattern: Pattern, part: int) -> Pattern:
    return tuple(1 - s if k == part else s for k, s in enumerate(pattern))
