"""What a task offers: labels, and which parts of the pathology a subject carries."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol, runtime_checkable

#: how much of the pathology is present: of all parts alike, or of each
Strength = float | tuple[float, ...]


class Task(Protocol):
    """Labels and states.

    cycle: subjects after which states repeat; one drawn uniformly from them has the task's base rates. products:
    whether the label depends on no single part, so that an observer must read products of its statistics.
    """

    version: ClassVar[str]
    outputs: ClassVar[int]
    target: ClassVar[tuple[int, int]]

    @property
    def cycle(self) -> int:
        """Subjects after which states repeat."""

    @property
    def products(self) -> bool:
        """Whether no single part tells the classes apart."""

    def label(self, subject: int) -> int:
        """1 for patients; odd subjects are patients."""

    def strength(self, subject: int, do: Mapping[str, Any], stream: str) -> Strength:
        """What a subject of a stream carries under an intervention."""

    def validate(self, parts: int) -> None:
        """Refuse a pathology whose number of parts is not the task's."""


@runtime_checkable
class Edits(Protocol):
    """A task whose label more than one minimal change can flip."""

    def edited(self, subject: int) -> Sequence[float]:
        """The subject's state with every part changed that belongs to any minimal flip of the label."""
