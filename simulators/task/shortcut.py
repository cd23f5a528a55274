"""A shortcut: a marker that is no disease goes with the label while training, and less or not at all elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import floor
from typing import Any, ClassVar

from bench.contracts import BadInput
from simulators.checks import between
from simulators.task.protocol import Task

#: streams in which the marker goes with the label; "reversed" has it the other way round, in all others it says nothing
CORRELATED = ("train", "validation", "test")


@dataclass(frozen=True)
class Shortcut:
    """Any task with a marker, the pathology's last part, that goes with the label.

    correlation: of marker and label in training, validation and test, 0 to 1. Stream `reversed` has its negative; the
    explained subjects and all other streams, `decorrelated` among them, have none. Twins share the marker; with the
    pathology off it is off as well, so that nothing is left to tell the classes apart.
    """

    version: ClassVar[str] = "1"
    outputs: ClassVar[int] = 2
    target: ClassVar[tuple[int, int]] = (1, 0)
    cause: Task
    correlation: float = 0.8

    def __post_init__(self) -> None:
        between("task.correlation", self.correlation, 0, 1)

    def validate(self, parts: int) -> None:
        """Refuse a pathology without a marker."""
        if parts < 2:
            raise BadInput("a shortcut task needs pathology.parts with the cause first and the marker last.")
        self.cause.validate(parts - 1)

    @property
    def cycle(self) -> int:
        """Subjects after which states repeat in a stream without correlation."""
        return 2 * self.cause.cycle

    @property
    def products(self) -> bool:
        """As for the cause: the reference observer does not look at the marker."""
        return self.cause.products

    def label(self, subject: int) -> int:
        """The cause's label."""
        return self.cause.label(subject)

    def strength(self, subject: int, do: Mapping[str, Any], stream: str) -> tuple[float, ...]:
        """Strength of the cause's part and of the marker.

        do: the cause's interventions, and {"marker": "off" | "on"}.

        Raises:
            BadInput: for an intervention this task does not know.
        """
        marks = {None: self.marker(subject, stream), "off": 0.0, "on": 1.0}
        if do.get("marker") not in marks:
            raise BadInput(f"do={dict(do)!r} is not an intervention of this task: set marker to off or on.")
        rest = {k: v for k, v in do.items() if k != "marker"}
        marker = 0.0 if rest.get("pathology") == "off" else marks[do.get("marker")]
        strength = self.cause.strength(subject, rest, stream)
        return (*(strength if isinstance(strength, tuple) else (strength,)), marker)

    def marker(self, subject: int, stream: str) -> float:
        """1 where the subject carries the marker.

        The share of subjects in whom marker and label agree is spread evenly over each class, so that any long run of
        subjects has the correlation asked for and as many markers as not.
        """
        name = stream.split("/")[0]
        sign = 1 if name in CORRELATED else -1 if name == "reversed" else 0
        agreeing = (1 + sign * self.correlation) / 2
        place = subject // 2
        # floating-point products such as 0.9 * 10 must not fall just below the whole number
        agrees = floor((place + 1) * agreeing + 1e-9) - floor(place * agreeing + 1e-9)
        label = self.label(subject)
        return float(label if agrees else 1 - label)
