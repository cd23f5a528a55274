"""Status of a study's units as seen from outside the calls at work on it: by their heartbeats and the store."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from bench import provenance
from bench.launch.heart import SILENT_S
from bench.plan.estimate import expected_seconds, text_of_time
from bench.plan.plan import with_work
from bench.plan.states import survey
from bench.store import clock, processes
from bench.study import PROGRESS, Study

#: states of a unit, in the order in which they are counted
DONE, RUNNING, STOPPED, WAITING = STATES = ("done", "running", "stopped", "waiting")
Beat = dict[str, Any]
#: what is known of a unit that stopped: its process is over, or only that nothing is heard
ENDED = ("its process is over", "nobody is known to be at work on it")


class UnitStatus(NamedTuple):
    """A unit: its state, how many of its cells failed, and its last beat, empty where none is at work on it.

    compares: it is no model but the comparison of several.
    """

    unit: str
    state: str
    failed: int
    beat: Beat
    compares: bool

    @property
    def sentence(self) -> str:
        """What is known of it, in words."""
        return "; ".join([*self._at_work(), *_failed(self.failed)])

    def _at_work(self) -> list[str]:
        if not self.beat:
            return []
        share = f" {self.beat['share']:.0%}" if self.beat["share"] else ""
        host, since, silent = self.beat.get("host", "unknown"), self.beat["since"], self.beat["silent"]
        ended = f"; {ENDED[silent > SILENT_S]}, issue the same command again" if self.state == STOPPED else ""
        return [f"{self.beat['title']}{share} on {host}{since}, heard of {text_of_time(silent)} ago{ended}"]


@dataclass(frozen=True)
class StudyStatus:
    """The units of a study, and the seconds that its cells are expected to take still."""

    units: list[UnitStatus]
    seconds: float

    @classmethod
    def of(cls, study: Study) -> "StudyStatus":
        """As the store and the heartbeats stand now; nothing is written."""
        work, beats = with_work(study), _beats(study)
        groups, units = {group.id for group in study.groups}, []
        for unit, cells in survey(study).items():
            failed = Counter(state for _, state in cells.values())["failed"]
            beat = beats.get(unit, {})
            state = _state(beat, bool(work.pending.get(unit)))
            units.append(UnitStatus(unit, state, failed, beat, compares=unit in groups))
        return cls(units, sum(sum(parts.values()) for parts in expected_seconds(work).values()))

    @property
    def sentence(self) -> str:
        """How many units and comparisons are in each state, and the time left."""
        failed, running = (sum(of) for of in zip(*((u.failed, u.state == RUNNING) for u in self.units), strict=True))
        left = f"about {text_of_time(self.seconds / max(running, 1))} left with {max(running, 1)} at work"
        counted = [self._counted("units", compares=False), self._counted("comparisons", compares=True)]
        return "; ".join([*counted, *_failed(failed), *([left] if self.seconds else [])])

    def _counted(self, what: str, compares: bool) -> str:
        counts = Counter(unit.state for unit in self.units if unit.compares == compares)
        return f"{what}: {', '.join(f'{counts[state]} {state}' for state in STATES if counts[state])}"


def _failed(cells: int) -> list[str]:
    return [f"{cells} cell{'s' * (cells != 1)} failed"] if cells else []


def _state(beat: Beat, pending: bool) -> str:
    if beat:
        return STOPPED if _stopped(beat) else RUNNING
    return WAITING if pending else DONE


def _stopped(beat: Beat) -> bool:
    """Whether nobody is at work on a unit: its process is over, or of another machine and silent for long."""
    process = str(beat.get("process", ""))
    return processes.is_over(process) or (beat["silent"] > SILENT_S and not processes.is_alive(process))


def _beats(study: Study) -> dict[str, Beat]:
    """The beat of each unit that some call began and did not finish; of two the one that is still at work."""
    beats: dict[str, Beat] = {}
    for beat in sorted(_read(study), key=_stopped, reverse=True):
        beats[beat["unit"]] = beat
    return beats


def _read(study: Study) -> Iterator[Beat]:
    """Beats, with the seconds since each was heard of; all times are those of the file system's clock."""
    paths = sorted((study.folder / PROGRESS).glob("*/*.json"))
    now = clock.file_time(study.folder / PROGRESS) if paths else None
    for path in paths:
        try:
            beat, heard = {**json.loads(path.read_text()), "unit": path.stem}, path.stat().st_mtime
        except (OSError, ValueError, TypeError):
            # it is written anew, or gone
            continue
        if "title" in beat and not beat.get("finished"):
            silent = max(0.0, now - heard) if now else 0.0
            yield {**beat, "silent": silent, "since": _since(beat.get("began"), now)}


def _since(began: float | None, now: float | None) -> str:
    """A clause with the time of this machine at which a unit was begun, whatever the clock of the other says."""
    return f" since {provenance.moment(time.time() - (now - began))}" if began and now else ""
