"""Several pathologies side by side, each of which the task switches on its own."""

from dataclasses import dataclass
from typing import ClassVar

from bench.contracts import BadInput, NonNegative, bounded, impossible
from simulators.observe.observers import Joint, Observer
from simulators.pathology.protocol import Displaces, Pathology


@bounded
@dataclass(frozen=True)
class Several:
    """Pathologies that a task combines.

    amplitudes: for each part its own amplitude, or null where the simulator's dial sets it; what has its own is not
    judged by the reference observer (distractors, markers). At most one part may move anatomy.
    """

    version: ClassVar[str] = "1"
    observer: ClassVar[type[Observer]] = Joint
    parts: tuple[Pathology | Displaces, ...]
    amplitudes: tuple[NonNegative | None, ...]

    def __post_init__(self) -> None:
        if len(self.parts) != len(self.amplitudes) or None not in self.amplitudes:
            count = f"{len(self.parts)} values, one per part, null for at least one"
            raise impossible(self, "amplitudes", self.amplitudes, count)
        if sum(isinstance(part, Displaces) for part in self.parts) > 1:
            raise BadInput(
                "pathology.parts: there is more than one part that moves anatomy, so neither would reach the volume "
                "asked for; name all regions in one of them, or give the others a pathology that acts voxel by voxel"
            )

    @classmethod
    def of(cls, pathology: "Pathology | Displaces | Several") -> "Several":
        """One pathology is a list of one."""
        return pathology if isinstance(pathology, Several) else cls((pathology,), (None,))

    @property
    def dialled(self) -> tuple[Pathology | Displaces, ...]:
        """The parts that the dial sets."""
        return tuple(p for p, own in zip(self.parts, self.amplitudes, strict=True) if own is None)

    def validate(self, region_names: tuple[str, ...]) -> None:
        """Refuse a region that the anatomy does not have."""
        for part in self.parts:
            part.validate(region_names)
