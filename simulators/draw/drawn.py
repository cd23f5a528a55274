"""Drawn subjects: those of a stream one after the other, as often as they are asked for, in bounded memory."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from simulators.draw.bank import Bank
from simulators.draw.scene import Scene
from simulators.draw.subject import draw
from simulators.parts import Parts

#: subjects after which a bank is mapped anew, so that what was read of it leaves memory
CHUNK = 20


@dataclass(frozen=True)
class DrawnSubjects(Collection[Scene]):
    """Scenes of some subjects of a stream, drawn at every passage; what is slow of them comes from a bank.

    progress: called after every chunk with the number of its subjects.
    """

    parts: Parts
    stream: str
    subjects: Sequence[int]
    bank: Path | None = None
    progress: Callable[[int], None] = lambda _: None

    def __len__(self) -> int:
        return len(self.subjects)

    def __contains__(self, scene: object) -> bool:
        return any(scene is one for one in self)

    def __iter__(self) -> Iterator[Scene]:
        for start in range(0, len(self.subjects), CHUNK):
            chunk, bank = self.subjects[start : start + CHUNK], Bank(self.bank) if self.bank else None
            yield from (draw(self.parts, subject, self.stream, bank=bank) for subject in chunk)
            self.progress(len(chunk))
