"""The watch over a plug-in at work: what it changed of what it was lent, in words."""

from collections.abc import Callable, Collection, Hashable, Mapping
from os import close as close_handle
from os import dup
from typing import Any, TypeVar

from bench.guard import process, values

Value = TypeVar("Value")
#: file handles that the harness needs for itself, at most
HANDLES = 8
#: things that are named in one sentence, at most
MOST = 3


class Trespass(RuntimeError):
    """A plug-in changed what others use."""


class Watch:
    """Notes what the values of a unit, and the process, are like, and tells afterwards what is otherwise.

    thorough: whether code runs that no test of ours knows; then everything is compared, else what costs nothing.
    """

    def __init__(self, thorough: bool) -> None:
        self._thorough = thorough
        self._values: dict[Hashable, tuple[Any, dict[str, Any]]] = {}
        self._process: Mapping[str, Any] = {}

    def lend(self, key: Hashable, name: str, value: Any) -> None:
        """Note a value that plug-ins are given from now on."""
        self._values[key] = (name, value), values.marks(value, self._thorough)

    def begin(self) -> None:
        """Note the process before a plug-in is at work."""
        self._process = self._state()

    def check(self, who: str, passing: Collection[str] = ()) -> None:
        """Raise Trespass where anything is otherwise than when it was noted; `who` was at work.

        passing: beginnings of the names of what may be, as it was changed for a while, or is used up.
        """
        if moved := [name for name in self._moved() if not name.startswith(tuple(passing))]:
            more = f" and {len(moved) - MOST} more" if len(moved) > MOST else ""
            raise Trespass(f"{who} changed {', '.join(moved[:MOST])}{more}, which others use; leave all as it was")

    def _moved(self) -> list[str]:
        """Names of all that is otherwise."""
        names = process.differences(self._process, self._state()) if self._process else []
        for (name, value), before in self._values.values():
            now = values.marks(value, self._thorough)
            places = [place for place in {**before, **now} if before.get(place) != now.get(place)]
            names += [f"{place or 'what is stored'} ({name})" for place in places]
        return names if _handles_left() else [*names, "the number of file handles left"]

    def _state(self) -> dict[str, Any]:
        return process.process_state() if self._thorough else process.numeric_state()


def watched(work: Callable[[], Value], who: str) -> Value:
    """The value of `work`, at which code runs that no test of ours knows.

    Raises Trespass where it left the process changed, whatever else it raises: most often the one is why. The random
    state may move, as whoever asks for numbers seeds it.
    """
    watch = Watch(thorough=True)
    watch.begin()
    try:
        return work()
    finally:
        watch.check(who, (process.RANDOM,))


def _handles_left() -> bool:
    """Whether as many files can be opened as the harness needs."""
    opened: list[int] = []
    try:
        for _ in range(HANDLES):
            opened.append(dup(0))
    except OSError:
        return False
    finally:
        for handle in opened:
            close_handle(handle)
    return True
