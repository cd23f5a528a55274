"""Work that is expected of a call: seconds of each cell, by which its progress and the time left are told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean
from typing import Any

from bench.plan.estimate import text_of_time
from bench.study import Study

Beats = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class ExpectedWork:
    """Seconds of the cells that units wait for; a cell that nobody timed counts as the mean of the others."""

    study: Study
    units: Sequence[str]
    seconds: Mapping[str, float]

    @cached_property
    def total(self) -> float:
        """Seconds of all cells."""
        return sum(map(sum, self._cells.values()))

    def done(self, beats: Beats) -> float:
        """Seconds of what is behind the units, by their last heartbeats."""
        return sum(self._behind(unit, beats[unit]) for unit in self.units if beats.get(unit))

    def left(self, beats: Beats, elapsed: float) -> str:
        """The time left, were it to go on as it went so far; "" before anything is done."""
        done = self.done(beats)
        return f"about {text_of_time(elapsed * (self.total - done) / done)} left" if done else ""

    def _behind(self, unit: str, beat: Mapping[str, Any]) -> float:
        seconds = self._cells[unit]
        # a child that was started again counts what is left
        at = len(seconds) - beat["total"] + beat["position"]
        # how far a cache on the way is says nothing of the cell that waits for it
        share = 0.0 if beat.get("on_the_way") else beat["share"]
        return sum(seconds[:at]) + sum(seconds[at : at + 1]) * share

    @cached_property
    def _cells(self) -> dict[str, list[float]]:
        """Seconds of the cells of each unit, in the order of work."""
        usual = fmean(self.seconds.values()) if self.seconds else 1.0
        return {unit: [self.seconds.get(key, usual) for key in self.study.pending[unit]] for unit in self.units}
