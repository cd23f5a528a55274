"""Status of a study's units as seen from outside the calls at work on it: by their heartbeats and the store."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from bench.plan.estimate import expected_seconds, text_of_time
from bench.plan.plan import with_work
from bench.plan.states import survey
from bench.store import processes
from bench.study import PROGRESS, Study

#: states of a unit, in the order in which they are counted
DONE, RUNNING, STOPPED, WAITING = STATES = ("done", "running", "stopped", "waiting")
Beat = dict[str, Any]


class UnitStatus(NamedTuple):
    """A unit: its state, how many of its cells failed, and its last beat, empty where none is at work on it."""

    unit: str
    state: str
    failed: int
    beat: Beat

    @property
    def sentence(self) -> str:
        """What is known of it, in words."""
        return "; ".join([*self._at_work(), *_failed(self.failed)])

    def _at_work(self) -> list[str]:
        if not self.beat:
            return []
        share = f" {self.beat['share']:.0%}" if self.beat["share"] else ""
        host, began, heard = (self.beat.get(name, "unknown") for name in ("host", "began", "heard"))
        ended = "; its process is over, issue the same command again" if self.state == STOPPED else ""
        return [f"{self.beat['title']}{share} on {host} since {began}, heard of at {heard}{ended}"]


@dataclass(frozen=True)
class StudyStatus:
    """The units of a study, and the seconds that its cells are expected to take still."""

    units: list[UnitStatus]
    seconds: float

    @classmethod
    def of(cls, study: Study) -> "StudyStatus":
        """As the store and the heartbeats stand now; nothing is written."""
        work, beats = with_work(study), _beats(study)
        units = []
        for unit, cells in survey(study).items():
            failed = Counter(state for _, state in cells.values())["failed"]
            beat = beats.get(unit, {})
            units.append(UnitStatus(unit, _state(beat, bool(work.pending.get(unit))), failed, beat))
        return cls(units, sum(expected_seconds(work).values()))

    @property
    def sentence(self) -> str:
        """How many units are in each state, and the time left."""
        counted = Counter(unit.state for unit in self.units)
        states = ", ".join(f"{counted[state]} {state}" for state in STATES if counted[state])
        failed, workers = sum(unit.failed for unit in self.units), max(counted[RUNNING], 1)
        left = f"about {text_of_time(self.seconds / workers)} left with {workers} at work"
        return "; ".join([states, *_failed(failed), *([left] if self.seconds else [])])


def _failed(cells: int) -> list[str]:
    return [f"{cells} cell{'s' * (cells != 1)} failed"] if cells else []


def _state(beat: Beat, pending: bool) -> str:
    if beat:
        return STOPPED if processes.is_over(str(beat.get("process", ""))) else RUNNING
    return WAITING if pending else DONE


def _beats(study: Study) -> dict[str, Beat]:
    """The beat of each unit that some call began and did not finish; of two the one that is still at work."""
    beats: dict[str, Beat] = {}
    for beat in sorted(_read(study), key=lambda one: not processes.is_over(str(one.get("process", "")))):
        beats[beat["unit"]] = beat
    return beats


def _read(study: Study) -> Iterator[Beat]:
    for path in sorted((study.folder / PROGRESS).glob("*/*.json")):
        try:
            beat = {**json.loads(path.read_text()), "unit": path.stem}
        except (OSError, ValueError, TypeError):
            # it is written anew, or gone
            continue
        if "title" in beat and not beat.get("finished"):
            yield beat
