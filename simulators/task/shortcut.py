"""A shortcut: a marker that is no disease goes with the label while training, and less or not at all elsewhere."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import floor
from typing import Annotated, Any, ClassVar

from bench.contracts import BadInput, Between, bounded
from simulators.task.cue_task import CueTask
from simulators.task.kinds import refuse
from simulators.task.protocol import Labels, Task
from simulators.task.splits import sign


@bounded
@dataclass(frozen=True)
class Shortcut(CueTask):
    """Any task with a marker, the pathology's last part, that goes with the label.

    correlation: of marker and label in training, validation and test, 0 to 1. Stream `reversed` has its negative; the
    explained subjects and all other streams, `decorrelated` among them, have none. Twins share the marker; with the
    pathology off it is off as well, so that nothing is left to tell the classes apart.
    """

    version: ClassVar[str] = "1"
    cause: Task
    correlation: Annotated[float, Between(0, 1)] = 0.8

    def validate(self, parts: int) -> None:
        """Refuse a pathology without a marker."""
        if parts < 2:
            raise BadInput("pathology.parts: a shortcut task needs them; give the cause first and the marker last")
        super().validate(parts - 1)
        count = len(self.strength(0, {}, "train"))
        if count != parts:
            raise BadInput(
                f"task.cause: it switches {count - 1} part as a whole, so a shortcut needs {count} pathology.parts, "
                f"the cause and the marker, not {parts}; give one cause, or a task.cause of patterns"
            )

    @property
    def labels(self) -> Labels:
        """Labels of the cause; states repeat in a stream without correlation, and the last part is the cue."""
        labels = super().labels
        return replace(labels, cycle=2 * labels.cycle, not_disease={**labels.not_disease, "cue": (-1,)})

    def strength(self, subject: int, do: Mapping[str, Any], stream: str) -> tuple[float, ...]:
        """Strength of the cause's part and of the marker.

        do: the cause's interventions, and {"marker": "off" | "on"}.

        Raises:
            BadInput: for an intervention this task does not know.
        """
        marks = {None: self.marker(subject, stream), "off": 0.0, "on": 1.0}
        if do.get("marker") not in tuple(marks):
            raise refuse(do, "marker to off or on")
        rest = {k: v for k, v in do.items() if k != "marker"}
        marker = 0.0 if rest.get("pathology") == "off" else marks[do.get("marker")]
        strength = self.cause.strength(subject, rest, stream)
        return (*(strength if isinstance(strength, tuple) else (strength,)), marker)

    def edited(self, subject: int, stream: str) -> Sequence[float]:
        """State after the cause's edits; the marker stays."""
        return (*super().edited(subject, stream), self.marker(subject, stream))

    def marker(self, subject: int, stream: str) -> float:
        """1 where the subject carries the marker.

        The share of subjects in whom marker and label agree is spread evenly over each pattern of each class, so that
        any long run of subjects has the correlation asked for and as many markers as not, and the marker tells
        nothing of the pattern beyond the label.
        """
        agreeing = (1 + sign(stream) * self.correlation) / 2
        labels = self.cause.labels
        place = subject // labels.period
        # floating-point products such as 0.9 * 10 must not fall just below the whole number
        agrees = floor((place + 1) * agreeing + 1e-9) - floor(place * agreeing + 1e-9)
        patient = labels.side(self.label(subject)) == 1
        return float(patient if agrees else not patient)
