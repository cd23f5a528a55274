"""Lines of verbs that someone waits for: what is being done, where nothing was said for a while."""

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterator

from bench.stages.stage import Cell

#: how long a verb may be silent that someone waits for
SPOKEN_S = 10.0


class SpokenBeat:
    """The beat of a unit that a verb runs by itself: a line where nothing was said for a while."""

    def __init__(self, every_s: float = SPOKEN_S) -> None:
        self.every_s, self.spoken = every_s, time.monotonic()

    def __call__(self, at: int, cell: Cell, share: float) -> None:
        """A cell has come this far."""
        if time.monotonic() - self.spoken >= self.every_s:
            self.spoken = time.monotonic()
            print(f"{cell.unit.simulator}: {cell.title} {share:.0%}", file=sys.stderr, flush=True)


@contextlib.contextmanager
def spoken(what: str, every_s: float = SPOKEN_S) -> Iterator[None]:
    """Say what is being done and since when, as long as it is; nothing of what is done before the first line."""
    started = time.monotonic()

    def speak(over: threading.Event) -> None:
        while not over.wait(every_s):
            minutes, seconds = divmod(int(time.monotonic() - started), 60)
            print(f"{what} ({minutes}:{seconds:02d})", file=sys.stderr, flush=True)

    with watched_by(speak):
        yield


@contextlib.contextmanager
def watched_by(watch: Callable[[threading.Event], None]) -> Iterator[None]:
    """Work with a thread beside it that watches it; the event tells the thread that the work is over."""
    over = threading.Event()
    thread = threading.Thread(target=watch, args=(over,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
