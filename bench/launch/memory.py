"""The highest resident memory of a stretch of work, where the system lets a process forget an earlier peak."""

import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PROCESS = Path("/proc/self")


def forget() -> None:
    """Begin the peak anew at what is resident; nothing happens on systems other than Linux."""
    with suppress(OSError):
        (_PROCESS / "clear_refs").write_text("5")


def highest() -> float:
    """The peak in MiB since it was last forgotten, or of the whole process where it cannot be."""
    with suppress(OSError):
        for line in (_PROCESS / "status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


class Peak:
    """Peaks of stretches of work that may lie inside one another: what an inner one takes is not the outer one's."""

    def __init__(self) -> None:
        self._before = 0.0

    @contextmanager
    def measured(self) -> Iterator[Callable[[], float]]:
        """Tells the peak in MiB since the beginning."""
        outer = max(self._before, highest())
        self._before = 0.0
        forget()
        try:
            yield lambda: max(self._before, highest())
        finally:
            self._before = outer
            forget()
