"""One unit from end to end: every cell in order, each loaded if it is stored, computed if it is asked for."""

import contextlib
import logging
import time
import traceback
from collections.abc import Callable, Collection, Hashable, Iterator
from pathlib import Path
from typing import Any

from bench import provenance
from bench.contracts import Status, Unsupported
from bench.launch.memory import Peak
from bench.launch.steps import STEPS, Step
from bench.plan.cells import Cell, Cells
from bench.plan.states import FAILURES
from bench.store.artefacts import Artefacts, Damaged
from bench.store.files import Unwritable
from bench.study import Study, Unit

#: (position in the work list, cell, share of the cell that is done)
Beat = Callable[[int, Cell, float], None]
#: how often a cell that cannot be read is made
ATTEMPTS = 2
log = logging.getLogger("bench.launch.unit")


class Lost(RuntimeError):
    """Something this cell is made from could not be made."""


class Bench:
    """What the steps of one unit work with; values are read or made once.

    lost: keys that failed, so that nothing is made from them. work: keys to compute here.
    """

    def __init__(self, study: Study, unit: Unit, beat: Beat = lambda *_: None) -> None:
        self.study, self.unit, self.beat = study, unit, beat
        self.cells, self.store, self.scores = Cells(study), study.artefacts(), study.scores()
        self.lost: set[str] = set(study.lost.get(unit.id, ()))
        self.progress: Callable[[float], None] = lambda _: None
        self.passes: Any = None
        self._values: dict[Hashable, Any] = {}
        self._within, self._peak = 0.0, Peak()

    def run(self, work: Collection[str]) -> None:
        """Compute the cells whose keys are in `work`, in order; failures are recorded and work goes on."""
        todo = [c for c in {c.key: c for c in self.cells.of(self.unit)}.values() if c.key in work]
        for position, cell in enumerate(todo):
            self.progress = lambda share, at=position, of=cell: self.beat(at, of, share)  # type: ignore[misc]
            self.progress(0.0)
            self.attempt(cell)
        for folder in {c.folder for c in todo if c.folder}:
            self.scores.compact(folder)

    def attempt(self, cell: Cell) -> None:
        """Compute one cell; what it raises becomes a failure record."""
        try:
            if self._gone(cell):
                raise Lost(cell.title)
            if not self.made_now(cell):
                self._make(cell, replace=self.study.replace)
                self.store.remove(FAILURES, cell.key)
        except Unwritable:
            raise
        except Lost:
            self.lost.add(cell.key)
        except Unsupported as error:
            self.lost.add(cell.key)
            fail(self.study, cell, Status.unsupported, str(error))
        except Exception as error:
            self.lost.add(cell.key)
            fail(self.study, cell, Status.failed, f"{type(error).__name__}: {error}", traceback.format_exc())
            log.warning("%s: %s failed: %s", cell.unit.id, cell.title, error)

    def made_now(self, cell: Cell) -> bool:
        """Whether the cell is stored already and need not be made (again) in this call."""
        if cell.folder:
            record = self.scores.known(cell.folder).get(cell.key)
        else:
            record = self.store.record(cell.stage, cell.key) if self.store.find(cell.stage, cell.key) else None
        return record is not None and (not self.study.replace or record.get("run") == self.study.run)

    def _gone(self, cell: Cell) -> bool:
        """Whether a cell was given up before this call, or in it by this process or another."""
        if cell.key in self._values:
            return False
        with contextlib.suppress(KeyError, Damaged):
            if self.store.record(FAILURES, cell.key)["run"] == self.study.run:
                self.lost.add(cell.key)
        return cell.key in self.lost

    def get(self, cell: Cell) -> Any:
        """The value of an artefact cell, from memory, the store, or made now; raises Lost."""
        if self._gone(cell):
            raise Lost(cell.title)
        if cell.key not in self._values:
            self._values[cell.key] = self._read(cell)
        return self._values[cell.key]

    def _read(self, cell: Cell) -> Any:
        """What is stored of a cell, made where it is not; another process may find it damaged and remove it again."""
        step = STEPS[cell.stage]
        for _ in range(ATTEMPTS):
            with contextlib.suppress(KeyError, Damaged):
                return step.read(self, cell, self._stored(cell, step))
            self._make(cell)
        return step.read(self, cell, self._stored(cell, step))

    def _stored(self, cell: Cell, step: Step) -> Path:
        given = step.given(cell)
        return given if given else self.store.read(cell.stage, cell.key)

    def _make(self, cell: Cell, replace: bool = False) -> None:
        for need in cell.needs:
            if self._gone(need):
                raise Lost(need.title)
        with self._timed() as seconds, self._peak.measured() as peak:
            self._write(cell, STEPS[cell.stage], lambda: _record(self, cell, seconds(), peak()), replace)

    def _write(self, cell: Cell, step: Step, told: Callable[[], dict[str, Any]], replace: bool) -> None:
        self.passes = None
        value = step.make(self, cell)
        if cell.folder:
            if replace:
                self.scores.drop(cell.folder, [cell.key])
            self.scores.add(cell.name, cell.folder, value.assign(metric_key=cell.key), {cell.key: told()})
            return
        record: dict[str, Any] = {}

        def write(folder: Path) -> None:
            step.write(folder, value)
            # only now, because banks and images are drawn while they are written
            record.update(told())

        self.store.put(cell.stage, cell.name, cell.key, write, record, replace)

    @contextlib.contextmanager
    def _timed(self) -> Iterator[Callable[[], float]]:
        """Tells the seconds since the beginning, less those of other cells that were made meanwhile."""
        started, outer, self._within = time.perf_counter(), self._within, 0.0
        try:
            yield lambda: time.perf_counter() - started - self._within
        finally:
            self._within = outer + time.perf_counter() - started

    def once(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """`make()` once a key for the life of this bench."""
        if key not in self._values:
            self._values[key] = make()
        return self._values[key]


def _record(bench: Bench, cell: Cell, seconds: float, peak: float) -> dict[str, Any]:
    """What is known of a cell beside its value: its full key, where and how it was made, and what it cost."""
    passes = bench.passes
    cost = {
        "seconds": round(seconds, 4),
        "forward": getattr(passes, "forward", 0),
        "backward": getattr(passes, "backward", 0),
        "peak_mb": round(peak, 1),
    }
    return {**_identity(cell), "run": bench.study.run, "cost": cost, "config": bench.cells.configuration(cell)}


def _identity(cell: Cell) -> dict[str, Any]:
    made = {"date": provenance.now(), "machine": provenance.machine()}
    return {"title": cell.title, "unit": cell.unit.id, "content": cell.content, "source": cell.source, **made}


def fail(study: Study, cell: Cell, status: Status, reason: str, trace: str = "") -> None:
    """Record why a cell has no value; that is never a hit, and is kept until the code or the key changes.

    `rerun=failed` tries again, except where a method is `unsupported`, which trying again will not change.
    """
    sentence = " ".join(reason.split())
    record = {**_identity(cell), "run": study.run, "status": status.value, "reason": sentence}

    def write(folder: Path) -> None:
        (folder / "traceback.txt").write_text(trace)

    name = "-".join(t for t in (cell.stage, cell.name, cell.metric) if t)
    Artefacts(study.store).put(FAILURES, name, cell.key, write, record, replace=True)
