"""Heartbeats: small files that say what each unit of a call is doing, and whose call it is."""

import contextlib
import json
import os
import platform
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.store import clock, processes
from bench.study import PROGRESS, Study

#: file of a call's heartbeats that holds the mark of its process
OWNER = "owner"
STARTING = "starting"
#: how often a unit at work says so, and how long it may be silent
LIVE_S, SILENT_S = 30.0, 300.0


@dataclass
class Heart:
    """The heartbeat file of one unit: position in its work and since when, title of the cell at work, share done of it.

    `since` is monotonic seconds of its machine, so that a clock that is set does not look like a hang. Who looks from
    another machine, whose clock may differ, goes by that of the file system: `began`, and when the file was written to.
    A beat that cannot be written costs no cell: it is left out.
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
        at_work: dict[str, Any] = {"host": platform.node(), "process": processes.mark(os.getpid())}
        at_work["began"] = self.read().get("began") or clock.file_time(self.path.parent)
        start = {"position": 0, "total": total, "title": STARTING, "share": 0.0, "since": time.monotonic()}
        self._write({**at_work, **start})

    def beat(self, position: int, title: str, share: float = 0.0, on_the_way: str = "") -> None:
        """A cell begins (share 0) or has come this far: that of the position, or the cache of that key on its way."""
        known = self.read()
        same = known.get("position") == position and known.get("title") != STARTING
        since = known.get("since", time.monotonic()) if same else time.monotonic()
        at = {"position": position, "total": self.total, "title": title, "share": share, "since": since}
        self._write({**known, **at, "on_the_way": on_the_way})

    def live(self) -> None:
        """The unit is at work, however long its cell has nothing to say."""
        with contextlib.suppress(OSError):
            os.utime(self.path)

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
