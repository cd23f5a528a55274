"""Subtypes: patients carry one of several patterns, of given shares; some may look like controls."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np

from bench.contracts import Above, BadInput, bounded, impossible
from bench.contracts.validity import Validity
from simulators.task.kinds import Pattern, amount, beside
from simulators.task.protocol import Labels, Task


@bounded
@dataclass(frozen=True)
class Subtypes(Task):
    """Two balanced classes; odd subjects are patients, each of one subtype. The explained score is z1 - z0.

    patterns: the subtypes, 1 or 0 a part; one without any part looks like a control. shares: how frequent each is, up
    to a common factor. A patient's twin carries nothing, so that a normal-looking patient is its own twin and has an
    empty truth; a control's twin is of a subtype that shows.
    """

    version: ClassVar[str] = "1"
    validity: ClassVar[Validity] = Validity({"edit": "all that a patient carries makes it one: its edit is no other"})
    patterns: tuple[Pattern, ...]
    shares: Annotated[tuple[float, ...], Above(0)]

    def __post_init__(self) -> None:
        wrong = [p for p in self.patterns if len(p) != len(self.patterns[0])]
        if wrong or not any(map(any, self.patterns)) or len(set(self.patterns)) < len(self.patterns):
            raise impossible(
                self,
                "patterns",
                self.patterns,
                "one or more patterns of 0 and 1, all of one length, none twice, and one at least with a 1",
            )
        if len(self.shares) != len(self.patterns):
            raise impossible(self, "shares", self.shares, f"{len(self.patterns)} numbers above 0, one per pattern")

    @property
    def labels(self) -> Labels:
        """Two classes; of patients who look like controls, half are told apart by luck, which no observer exceeds."""
        plain = sum(share for share, p in zip(self.shares, self.patterns, strict=True) if not any(p))
        return Labels("classes", outputs=2, target=(1, 0), cycle=1024, ceiling=1 - plain / sum(self.shares) / 2)

    def validate(self, parts: int) -> None:
        """Refuse a pathology whose number of parts is not that of the patterns."""
        length = len(self.patterns[0])
        if parts != length:
            raise BadInput(f"task.patterns: they have {length} parts, pathology.parts has {parts}; match them")

    def label(self, subject: int) -> int:
        """1 for patients."""
        return subject % 2

    def subtype(self, subject: int) -> Pattern:
        """Pattern of the subject if it is a patient, else that of its twin."""
        visible = [(p, s) for p, s in zip(self.patterns, self.shares, strict=True) if self.label(subject) or any(p)]
        patterns, shares = zip(*visible, strict=True)
        return patterns[int(np.searchsorted(np.cumsum(shares) / sum(shares), beside(subject), side="right"))]

    def strength(self, subject: int, do: Mapping[str, Any], stream: str) -> tuple[float, ...]:
        """Strength of each part.

        do: {"pathology": "off" | "on" | "swap"} or {"strength": float}, which scales "on".

        Raises:
            BadInput: for an intervention this task does not know, or a strength that is not from 0 to 1.
        """
        scale = amount(do, {None: self.label(subject), "off": 0, "on": 1, "swap": 1 - self.label(subject)})
        return tuple(scale * part for part in self.subtype(subject))
