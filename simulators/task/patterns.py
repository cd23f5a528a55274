"""Labels that depend on which parts of the pathology occur together: OR, AND, XOR, several classes, distractors."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import lcm
from typing import Annotated, Any, ClassVar

import numpy as np

from bench.contracts import AtLeast, BadInput, bounded, impossible, require
from bench.contracts.validity import Validity
from simulators.task.kinds import STRENGTH, Pattern, amount, refuse
from simulators.task.protocol import Labels, Task

#: the number of a class
Label = Annotated[int, AtLeast(0)]


@bounded
@dataclass(frozen=True)
class Patterns(Task):
    """Balanced classes, each a list of patterns that its subjects carry in turn; subject s is of class s modulo their
    number.

    classes: for each class its patterns, each 1 or 0 for present or absent, a number a part; controls first.
    target: the classes (c, c') of the explained score z_c - z_c'. A subject of one of them has the other's label as a
    twin; one of a further class has that of c'. A part is a cause if its change alters the label of a pattern of any
    class but c', unless everybody has it; the others are distractors, which twins share.
    """

    version: ClassVar[str] = "1"
    classes: tuple[tuple[Pattern, ...], ...]
    target: tuple[Label, Label] = (1, 0)

    def __post_init__(self) -> None:
        patterns = [p for group in self.classes for p in group]
        wrong = [p for p in patterns if len(p) != len(patterns[0])]
        if not all(self.classes) or len(self.classes) < 2 or wrong or len(set(patterns)) < len(patterns):
            raise impossible(
                self,
                "classes",
                self.classes,
                "two or more classes, each one or more patterns of 0 and 1, all of one length and none twice",
            )
        count = len(self.classes)
        if len(set(self.target)) != 2 or not set(self.target) <= set(range(count)):
            raise impossible(self, "target", self.target, f"two different classes from 0 to {count - 1}")

    def validate(self, parts: int) -> None:
        """Refuse a pathology whose number of parts is not that of the patterns.

        Raises:
            BadInput: naming both numbers.
        """
        length = len(self.classes[0][0])
        if parts != length:
            raise BadInput(f"task.classes: its patterns have {length} parts, pathology.parts has {parts}; match them")

    @cached_property
    def labels(self) -> Labels:
        """One output per class; patterns come in turn, so that a period is all subjects after which they repeat.

        Where every part is as frequent in c as in c', only combinations tell (XOR). Parts that are no cause are
        distractors.
        """
        count = len(self.classes)
        cycle = count * lcm(*map(len, self.classes))
        first, second = (np.mean(self.classes[c], 0) for c in self.target)
        distractors = tuple(part for part, cause in enumerate(self.causes) if not cause)
        return Labels(
            "classes",
            outputs=count,
            target=self.target,
            cycle=cycle,
            period=cycle,
            products=bool(np.allclose(first, second)),
            not_disease={"distractor": distractors} if distractors else {},
        )

    @property
    def validity(self) -> Validity:
        """No association where only combinations tell the classes apart: no place goes with the label."""
        reason = "every part is as frequent in patients as in controls: no place goes with the label"
        return Validity({"association": reason} if self.labels.products else {})

    @cached_property
    def causes(self) -> Pattern:
        """1 for each part that not everybody has alike, and whose change alters the label of any pattern."""
        judged = [group for c, group in enumerate(self.classes) if c != self.target[1]]
        varies = [len(set(column)) > 1 for column in zip(*(p for group in self.classes for p in group), strict=True)]
        flips = [any({_flip(p, k) for p in group} != set(group) for group in judged) for k in range(len(varies))]
        return tuple(int(part) for part in np.logical_and(varies, flips))

    def label(self, subject: int) -> int:
        """The class."""
        return subject % len(self.classes)

    def strength(self, subject: int, do: Mapping[str, Any], stream: str) -> tuple[float, ...]:
        """Strength of each part: the subject's pattern, unless `do` says otherwise.

        do: {"pathology": "off" | "on" | "swap"}: no cause; a pattern of patients; the pattern of the twin.
        {"strength": float} scales the causes of "on". {"parts": strengths} sets every part.

        Raises:
            BadInput: for an intervention this task does not know, or a strength that is not from 0 to 1.
        """
        pattern, other = self.pattern(subject), self.twin(subject)
        if set(do) == {"parts"}:
            return _strengths(do["parts"], len(pattern))
        scale = amount(do, dict.fromkeys((None, "off", "on", "swap"), 1.0))
        on = other if self._side(subject) == 0 else pattern
        off = self._without_causes(pattern)
        states = {None: on if "strength" in do else pattern, "off": off, "on": on, "swap": other}
        state = states[do.get("pathology")]
        return tuple(float(s) * (scale if cause else 1.0) for s, cause in zip(state, self.causes, strict=True))

    def pattern(self, subject: int) -> Pattern:
        """Parts that a subject carries."""
        group = self.classes[self.label(subject)]
        return group[subject // len(self.classes) % len(group)]

    def twin(self, subject: int) -> Pattern:
        """The other label at the same distractors: all causes off if that heals, else a smallest change, in turn."""
        pattern, healed = self.pattern(subject), self._without_causes(self.pattern(subject))
        if self._side(subject) != 0 and healed in self.classes[self.target[1]]:
            return healed
        nearest = list(self._nearest(subject, pattern))
        turn = subject // len(self.classes) // len(self.classes[self.label(subject)])
        return nearest[turn % len(nearest)]

    def edited(self, subject: int, stream: str) -> Pattern:
        """The subject's pattern with every part changed that belongs to any smallest flip to the twin's label."""
        pattern = self.pattern(subject)
        changed = np.any([np.not_equal(pattern, other) for other in self._nearest(subject, pattern)], axis=0)
        return tuple(int(s) ^ int(c) for s, c in zip(pattern, changed, strict=True))

    def _nearest(self, subject: int, pattern: Pattern) -> Iterator[Pattern]:
        first, second = self.target
        others = self.classes[first if self.label(subject) == second else second]
        distance = [int(np.not_equal(pattern, other).sum()) for other in others]
        return (other for other, d in zip(others, distance, strict=True) if d == min(distance))

    def _side(self, subject: int) -> int:
        return self.labels.side(self.label(subject))

    def _without_causes(self, pattern: Pattern) -> Pattern:
        return tuple(s * (1 - cause) for s, cause in zip(pattern, self.causes, strict=True))


def _strengths(value: Any, parts: int) -> tuple[float, ...]:
    if not isinstance(value, Sequence) or len(value) != parts:
        raise refuse({"parts": value}, f"parts to {parts} strengths, one a part of the pathology")
    for strength in value:
        require("do", "parts", strength, STRENGTH)
    return tuple(map(float, value))


def _flip(pattern: Pattern, part: int) -> Pattern:
    return tuple(1 - s if k == part else s for k, s in enumerate(pattern))
