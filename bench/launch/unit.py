"""One unit from end to end: every cell in order, each loaded if it is stored, computed if it is asked for."""

import contextlib
import logging
import time
import traceback
from collections.abc import Callable, Collection, Hashable, Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import torch

from bench import provenance
from bench.contracts import Status, Unsupported
from bench.devices.choice import machine_with
from bench.devices.memory import OutOfMemory, shortage
from bench.devices.moving import HOME, moved
from bench.guard.process import HOOKS, PASSING, RANDOM
from bench.guard.watch import Trespass, Watch
from bench.launch.memory import Peak
from bench.launch.shares import Strangers, strangers_named
from bench.passes.counting import Passes
from bench.plan import prices
from bench.plan.cells import Cells
from bench.stages.stage import Cell, Given, Stage
from bench.store import failures, schema
from bench.store.artefacts import Damaged
from bench.store.files import Unwritable
from bench.study import Study, Unit

#: (position in the work list, cell at work, there or on the way to it, share of the cell that is done)
Beat = Callable[[int, Cell, float], None]
Value = TypeVar("Value")
#: how often a cell that cannot be read is made
ATTEMPTS = 2
#: letters of an error's message that are kept
LONGEST = 2000
log = logging.getLogger("bench.launch.unit")


class Lost(RuntimeError):
    """Something this cell is made from could not be made."""


class Spoilt(RuntimeError):
    """A cell failed and left the process, or values in it, changed, so that no other cell may be made there."""

    def __init__(self, reason: str, trace: str) -> None:
        super().__init__(reason)
        self.reason, self.trace = reason, trace


class UnitRun:
    """The cells of one unit at work; values are read or made once. It knows stages, and none of them by name.

    given_up: keys that failed, so that nothing is made from them. strangers: plug-ins at work that are not ours.
    device: where models run.
    """

    def __init__(
        self,
        study: Study,
        unit: Unit,
        beat: Beat = lambda *_: None,
        strangers: Strangers = (),
        device: torch.device = HOME,
    ) -> None:
        self.study, self.unit, self.beat, self.device = study, unit, beat, device
        self.cells, self.store, self.scores = Cells(study), study.artefacts(), study.scores()
        self.given_up: set[str] = set(study.given_up.get(unit.id, ()))
        self._progress: Callable[[Cell, float], None] = lambda *_: None
        self._values: dict[Hashable, Any] = {}
        self._within, self._peak, self._working = 0.0, Peak(), False
        self._strangers, self._watch = strangers, Watch(thorough=bool(strangers))

    def run(self, work: Collection[str]) -> None:
        """Compute the cells whose keys are in `work`, in order; failures are recorded and work goes on.

        Raises:
            Spoilt: at a cell whose failure is not recorded, after which work can go on in another process alone.
        """
        cells = [cell for cell in self.cells.of(self.unit) if cell.key in work]
        for position, cell in enumerate(cells):
            self._progress = partial(self.beat, position)
            self._progress(cell, 0.0)
            self._attempt(cell)
        for folder in {cell.folder for cell in cells if cell.folder}:
            self.scores.compact(folder)

    def _attempt(self, cell: Cell) -> None:
        """Compute one cell; what it raises becomes a failure record."""
        self._watch.begin()
        try:
            if self._gone(cell):
                raise Lost(cell.title)
            if not self._made_now(cell):
                self._make(cell, replace=self.study.replace)
                self.store.remove(failures.FAILURES, cell.key)
        except Unwritable:
            raise
        except Lost:
            self.given_up.add(cell.key)
        except BaseException as error:  # a plug-in may ask the program to end: its cell ends
            self.given_up.add(cell.key)
            self._failed(cell, error)

    def _failed(self, cell: Cell, error: BaseException) -> None:
        """Record a failure, here or, where this process is spoilt, elsewhere."""
        try:
            self._check(cell)
        except Trespass as trespass:
            raise Spoilt(str(trespass), traceback.format_exc()) from error
        if isinstance(error, Unsupported):
            fail(self.study, cell, Status.unsupported, in_words(error), device=self.device)
            return
        words = in_words(error)
        reason = f"{type(error).__name__}: {words}"
        if isinstance(error, OutOfMemory):
            reason = words = shortage(error, self.device, cell.maker.lower)
        fail(self.study, cell, Status.failed, reason, traceback.format_exc(), self.device)
        log.warning("%s: %s failed: %s", cell.unit.id, cell.title, words)

    def _check(self, cell: Cell, passing: Collection[str] = ()) -> None:
        """Raise Trespass where what others use is not as it was."""
        self._watch.check(strangers_named(self._strangers) or cell.title, passing)

    def _made_now(self, cell: Cell) -> bool:
        """True if the cell is stored already and need not be made (again) in this call."""
        record = self.scores.known(cell.folder).get(cell.key) if cell.folder else self.store.known(cell.stage, cell.key)
        return record is not None and (not self.study.replace or record["run"] == self.study.run)

    def _gone(self, cell: Cell) -> bool:
        """True if a cell was given up before this call, or in it by this process or another."""
        if cell.key in self._values:
            return False
        failure = failures.read(self.store, cell.key)
        if failure and failure["run"] == self.study.run:
            self.given_up.add(cell.key)
        return cell.key in self.given_up

    def value(self, stage: Stage[Value]) -> Value:
        """The value of the unit's cell of a stage."""
        cell = self.cells.cell(stage, self.unit)
        self._progress = partial(self.beat, 0)
        value: Value = self.get(cell)
        return value

    def get(self, cell: Cell) -> Any:
        """The value of an artefact cell, from memory, the store, or made now; raises Lost."""
        if self._gone(cell):
            raise Lost(cell.title)
        if cell.key not in self._values:
            self._values[cell.key] = self._read(cell)
            self._watch.lend(cell.key, cell.stage, self._values[cell.key])
        return self._values[cell.key]

    def _read(self, cell: Cell) -> Any:
        """The stored value of a cell, made where there is none; another process may remove it at any moment."""
        for _ in range(ATTEMPTS):
            with contextlib.suppress(KeyError, Damaged, FileNotFoundError):
                return self._stored(cell)
            self._make(cell)
        return self._stored(cell)

    def _stored(self, cell: Cell) -> Any:
        folder = cell.maker.committed(cell) or self.store.read(cell.stage, cell.key)
        return cell.maker.read(folder, self.study, cell)

    def _make(self, cell: Cell, replace: bool = False) -> None:
        for need in cell.needs:
            if self._gone(need):
                raise Lost(need.title)
        # a plug-in at work may ask for what is not stored yet
        self._check(cell, PASSING)
        schema.claim(self.study.store)
        given = Given(self.cells, cell, self.get, partial(self._progress, cell), self._once, self.device)
        with self._timed() as seconds, self._peak.measured() as peak, self._at_work() as within:
            result, passes = cell.maker.make(given)
            value = moved(result, HOME)
            # networks draw their weights from the global random state; a part at work may count passes by hooks
            drawn = () if cell.method or cell.metric else (RANDOM,)
            self._check(cell, (*drawn, *((HOOKS,) if within else ())))
            self._write(cell, value, lambda: self._record(cell, passes, seconds(), peak()), replace)

    def _write(self, cell: Cell, value: Any, about: Callable[[], dict[str, Any]], replace: bool) -> None:
        """Store a value; about: the record, asked for last, because banks and images are drawn as they are written."""
        if cell.folder:
            if replace:
                self.scores.drop(cell.folder, [cell.key])
            self.scores.add(cell.name, cell.folder, value.assign(metric_key=cell.key), {cell.key: about()})
            return
        record: dict[str, Any] = {}

        def write(folder: Path) -> None:
            cell.maker.write(folder, value)
            record.update(about())

        self.store.put(cell.stage, cell.name, cell.key, write, record, replace)

    def _record(self, cell: Cell, passes: Passes, seconds: float, peak: float) -> dict[str, Any]:
        """The record of a cell beside its value: its full key, where and how it was made, and what it cost."""
        cost = {"seconds": round(seconds, 4), **asdict(passes), "peak_mb": round(peak, 1)}
        config = cell.maker.configuration(self.study, cell)
        return {
            **_identity(self.study, cell, self.device),
            **prices.terms(self.cells, cell),
            "cost": cost,
            "config": config,
        }

    @contextlib.contextmanager
    def _at_work(self) -> Iterator[bool]:
        """Tells whether another cell is being made, which asked for this one."""
        within, self._working = self._working, True
        try:
            yield within
        finally:
            self._working = within

    @contextlib.contextmanager
    def _timed(self) -> Iterator[Callable[[], float]]:
        """Tells the seconds of work since the beginning, less those of other cells that were made meanwhile.

        Of one core: what else the machine does, or that it was asleep, is no part of a price. A device works while this
        process waits for it.
        """
        clock = time.process_time if self.device == HOME else time.perf_counter
        started, outer, self._within = clock(), self._within, 0.0
        try:
            yield lambda: clock() - started - self._within
        finally:
            self._within = outer + clock() - started

    def _once(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """`make()` once per key for the life of this unit."""
        if key not in self._values:
            self._values[key] = make()
        return self._values[key]


def in_words(error: BaseException) -> str:
    """The message of an error, whatever it is made of."""
    try:
        return one_line(str(error))[:LONGEST] or "without a message"
    except Exception:
        return "its message cannot be read"


def writable(text: str) -> str:
    """A text in which what is no letter, such as half a surrogate, is spelled out."""
    return text.encode(errors="backslashreplace").decode()


def one_line(text: str) -> str:
    """A text that a terminal shows as it is: nothing in it moves the cursor, and no line of it looks like ours."""
    spaced = " ".join(writable(text).split())
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in spaced)


def fail(study: Study, cell: Cell, status: Status, reason: str, trace: str = "", device: torch.device = HOME) -> None:
    """Record why a cell has no value."""
    name = "-".join(t for t in (cell.stage, cell.name, cell.metric) if t)
    failures.record(
        study.artefacts(), name, cell.key, _identity(study, cell, device), status, one_line(reason), writable(trace)
    )


def _identity(study: Study, cell: Cell, device: torch.device) -> dict[str, Any]:
    machine = provenance.machine(machine_with(device if cell.maker.network else HOME))
    origin = {"date": provenance.now(), "machine": machine, "run": study.run}
    return {"title": cell.title, "unit": cell.unit.id, "content": cell.content, "source": cell.source, **origin}
