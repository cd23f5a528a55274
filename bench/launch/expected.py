"""Work that is expected of a call: seconds of each cell, by which its progress and the time left are told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile
from statistics import fmean
from typing import Any

from bench.plan.estimate import text_of_time
from bench.study import Study

Beats = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class ExpectedWork:
    """Seconds of the cells that units wait for; a cell that nobody timed counts as the mean of the others.

    seconds: by cell, of the caches made on the way to it and of itself, as `expected_seconds` gives them.
    """

    study: Study
    units: Sequence[str]
    seconds: Mapping[str, Mapping[str, float]]

    @cached_property
    def total(self) -> float:
        """Seconds of all cells."""
        return sum(sum(parts.values()) for cells in self._cells.values() for parts in cells)

    def done(self, beats: Beats) -> float:
        """Seconds of what is behind the units, by their last heartbeats; one that never began a cell counts none."""
        begun = (unit for unit in self.units if "total" in beats.get(unit, {}))
        return sum(self._behind(unit, beats[unit]) for unit in begun)

    def left(self, beats: Beats, elapsed: float) -> str:
        """The time left, were it to go on as it went so far; "" before anything is done."""
        done = self.done(beats)
        # sums of the same seconds in another order differ by rounding
        return f"about {text_of_time(elapsed * max(self.total - done, 0.0) / done)} left" if done else ""

    def _behind(self, unit: str, beat: Mapping[str, Any]) -> float:
        cells = self._cells[unit]
        # a child that was started again counts what is left
        at = len(cells) - beat["total"] + beat["position"]
        before = sum(sum(parts.values()) for parts in cells[:at])
        return before + (_begun(cells[at], beat) if at < len(cells) else 0.0)

    @cached_property
    def _cells(self) -> dict[str, list[dict[str, float]]]:
        """Seconds of the cells of each unit in the order of work, each with its caches before itself."""
        timed = [sum(parts.values()) for key, parts in self.seconds.items() if key in parts]
        usual = fmean(timed) if timed else 1.0
        return {
            unit: [{**self.seconds.get(key, {}), **self._itself(key, usual)} for key in self.study.pending[unit]]
            for unit in self.units
        }

    def _itself(self, key: str, usual: float) -> dict[str, float]:
        return {key: self.seconds.get(key, {}).get(key, usual)}


def _begun(parts: Mapping[str, float], beat: Mapping[str, Any]) -> float:
    """Seconds of what is behind the cell at work: its caches up to the one that is made, or all once it goes on."""
    *caches, itself = parts
    at_work = beat.get("on_the_way") or itself
    # a cell begins before its caches do, and the cache of another unit's cell is none of its parts
    if at_work not in parts or (at_work == itself and not beat["share"]):
        return 0.0
    before = takewhile(lambda key: key != at_work, caches)
    return sum(parts[key] for key in before) + parts[at_work] * float(beat["share"])
