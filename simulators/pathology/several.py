"""Several pathologies side by side, each of which the task switches on its own."""

from dataclasses import dataclass
from typing import ClassVar, Protocol, runtime_checkable

from bench.contracts import NonNegative, bounded, impossible
from simulators.observe.observers import Joint, Observer
from simulators.pathology.protocol import Displaces, Pathology


@runtime_checkable
class Combined(Protocol):
    """A pathology that is made of others."""

    version: ClassVar[str]
    observer: ClassVar[type[Observer]]

    @property
    def several(self) -> "Several":
        """Its parts, side by side."""

    def validate(self, region_names: tuple[str, ...]) -> None:
        """Refuse an anatomy without the regions that the parts name."""


@bounded
@dataclass(frozen=True)
class Several:
    """Pathologies that a task combines.

    amplitudes: for each part its own amplitude, or null where the simulator's dial sets it; what has its own is not
    judged by the reference observer (distractors, markers). At most one part may move the anatomy of one subject.
    """

    version: ClassVar[str] = "1"
    observer: ClassVar[type[Observer]] = Joint
    parts: tuple[Pathology | Displaces, ...]
    amplitudes: tuple[NonNegative | None, ...]

    def __post_init__(self) -> None:
        if len(self.parts) != len(self.amplitudes) or None not in self.amplitudes:
            count = f"{len(self.parts)} values, one per part, null for at least one"
            raise impossible(self, "amplitudes", self.amplitudes, count)

    @classmethod
    def of(cls, pathology: "Pathology | Displaces | Combined") -> "Several":
        """One pathology is a list of one."""
        return pathology.several if isinstance(pathology, Combined) else cls((pathology,), (None,))

    @property
    def several(self) -> "Several":
        """Itself."""
        return self

    @property
    def dialled(self) -> tuple[Pathology | Displaces, ...]:
        """The parts that the dial sets."""
        return tuple(p for p, amplitude in zip(self.parts, self.amplitudes, strict=True) if amplitude is None)

    def validate(self, region_names: tuple[str, ...]) -> None:
        """Refuse a region that the anatomy does not have."""
        for part in self.parts:
            part.validate(region_names)
