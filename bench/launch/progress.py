"""Heartbeats: small files that say what each unit is doing, and the bars drawn from them."""

import contextlib
import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from bench.launch.expected import Beats, ExpectedWork
from bench.stages.stage import Cell
from bench.store import processes
from bench.study import PROGRESS, Study

#: file of a call's heartbeats that holds the mark of its process
OWNER = "owner"
REFRESH_S = 0.5
#: how long a log may be silent
SILENCE_S = 60.0
#: how long a verb may be silent that someone waits for
SPOKEN_S = 5.0
STARTING = "starting"


@dataclass
class Heart:
    """The heartbeat file of one unit: position in its work, cell title, share done, and since when.

    Times are monotonic seconds of this machine, so that a clock that is set does not look like a hang. A beat that
    cannot be written costs no cell: it is left out.
    """

    path: Path
    total: int = 0

    @classmethod
    def of(cls, study: Study, unit: str) -> "Heart":
        """The heartbeat of a unit of a study."""
        return cls(folder(study) / f"{unit}.json")

    def reset(self, total: int) -> None:
        """Before a child starts: nothing is done yet of `total` cells."""
        self.total = total
        self._write({"position": 0, "total": total, "title": STARTING, "share": 0.0, "since": time.monotonic()})

    def beat(self, position: int, title: str, share: float = 0.0) -> None:
        """A cell begins (share 0) or has come this far."""
        known = self.read()
        same = known.get("position") == position and known.get("title") == title
        since = known.get("since", time.monotonic()) if same else time.monotonic()
        self._write({"position": position, "total": self.total, "title": title, "share": share, "since": since})

    def starting(self) -> bool:
        """True while the child has not come to its first cell yet."""
        return self.read().get("title") == STARTING

    def finish(self) -> None:
        """All work of the unit is done."""
        known = self.read()
        self._write({**known, "position": known.get("total", 0), "title": "done", "finished": True})

    def finished(self) -> bool:
        """True once all work of the unit is done."""
        return bool(self.read().get("finished"))

    def stop(self, sentence: str) -> None:
        """Nothing more can be computed, and why."""
        self._write({**self.read(), "stopped": sentence})

    def stopped(self) -> str:
        """The reason that nothing more can be computed, or ""."""
        return str(self.read().get("stopped", ""))

    def position(self) -> int:
        """The cell the unit is at, or died at."""
        return int(self.read().get("position", 0))

    def cell_seconds(self) -> float:
        """Seconds that the present cell has been running."""
        return time.monotonic() - float(self.read().get("since", time.monotonic()))

    def read(self) -> dict[str, Any]:
        """The last beat, empty when there is none."""
        try:
            beat: dict[str, Any] = json.loads(self.path.read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return {}
        return beat

    def _write(self, content: dict[str, Any]) -> None:
        temporary = self.path.with_suffix(f".{os.getpid()}")
        with contextlib.suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_text(json.dumps(content))
            temporary.replace(self.path)


def folder(study: Study) -> Path:
    """The folder of one call's heartbeats; another call at the same time has its own."""
    return study.folder / PROGRESS / study.run


def mark_owner(study: Study) -> None:
    """Say in the folder of this call's heartbeats which process they belong to."""
    (folder(study) / OWNER).write_text(processes.mark(os.getpid()))


def runs_at_work(study: Study) -> list[Path]:
    """The folders of heartbeats of all calls on a study's results whose process is not known to be over."""
    owners = sorted(Path(study.results).glob(f"*/{PROGRESS}/*/{OWNER}"))
    return [owner.parent for owner in owners if not processes.is_over(owner.read_text())]


@contextlib.contextmanager
def progress_bar(study: Study, work: ExpectedWork, title: str) -> Iterator[None]:
    """Show the progress of units while they run: a bar on a terminal, else lines."""
    over = threading.Event()
    view = _bar if sys.stderr.isatty() else _lines
    thread = threading.Thread(target=view, args=(study, work, title, over), daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _beats(study: Study, work: ExpectedWork) -> dict[str, dict[str, Any]]:
    return {unit: Heart.of(study, unit).read() for unit in work.units}


def _busy(beats: Beats) -> str:
    """What is being done, and how far it is."""
    at_work = [(unit, beat) for unit, beat in beats.items() if beat and not beat.get("finished")]
    return "; ".join(f"{u}: {b['title']}" + (f" {b['share']:.0%}" if b["share"] else "") for u, b in at_work)


def _bar(study: Study, work: ExpectedWork, title: str, over: threading.Event) -> None:
    layout = "{desc}: {percentage:3.0f}%|{bar}| {elapsed}<{remaining}{postfix}"
    with tqdm(total=work.total, desc=title, leave=True, file=sys.stderr, smoothing=0, bar_format=layout) as bar:
        while True:
            last = over.wait(REFRESH_S)
            beats = _beats(study, work)
            bar.n = min(work.done(beats), work.total)
            bar.set_postfix_str(_busy(beats)[:80])
            if last:
                return


def _lines(study: Study, work: ExpectedWork, title: str, over: threading.Event) -> None:
    """A line for each unit that ends, and one where nothing was said for a while."""
    printed, started = set[str](), time.monotonic()
    spoken = started
    while True:
        last = over.wait(REFRESH_S)
        beats, now = _beats(study, work), time.monotonic()
        ended = [unit for unit, beat in beats.items() if beat.get("finished") and unit not in printed]
        printed |= {*ended}
        silent = now - spoken > SILENCE_S and not last
        left = work.left(beats, now - started)
        for what in (*ended, *([_busy(beats)] if silent else [])):
            minutes, seconds = divmod(int(now - started), 60)
            times = ", ".join(filter(None, (f"{minutes}:{seconds:02d}", left)))
            print(f"{title}: {len(printed)}/{len(work.units)} {what} ({times})", file=sys.stderr, flush=True)
            spoken = now
        if last:
            return


class SpokenBeat:
    """The beat of a unit that a verb runs by itself: a line where nothing was said for a while."""

    def __init__(self, every_s: float = SPOKEN_S) -> None:
        self.every_s, self.spoken = every_s, time.monotonic()

    def __call__(self, at: int, cell: Cell, share: float) -> None:
        """A cell has come this far."""
        if time.monotonic() - self.spoken >= self.every_s:
            self.spoken = time.monotonic()
            print(f"{cell.unit.simulator}: {cell.title} {share:.0%}", file=sys.stderr, flush=True)
