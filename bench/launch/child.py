"""A unit in a child process: a crash, an out-of-memory kill or a hang costs one cell, and a new child goes on."""

import contextlib
import logging
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing import forkserver, resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import torch

from bench.contracts import BadInput, Status
from bench.devices.choice import chosen_device, prepare
from bench.launch import caches, sockets
from bench.launch.deaths import Word, deaths_of_memory, end_of
from bench.launch.heart import LIVE_S, Heart
from bench.launch.shares import Shares, Strangers
from bench.launch.unit import Spoilt, UnitRun, fail, one_line
from bench.plan.cells import Cells
from bench.stages.stage import Cell
from bench.stages.train import TRAIN
from bench.store import failures, files, sources
from bench.study import Study

#: what the fork server imports once, so that a child starts in milliseconds
PRELOAD = ["torch", "pandas", "scipy.ndimage", "nilearn.datasets", "bench.launch.unit"]
#: what the first optimiser of a process imports, which takes longer than many a model is trained; a stranger's method
#: may use one too
OPTIMISER = "torch._dynamo"
POLL_S = 0.1
#: how often the heartbeat of a cell is looked at, which lies on a disk that many may share
LOOK_S = 1.0
#: how often a child is started whose fork server does not answer
STARTS = 20
#: how long a child may take to start, whatever the limit of a cell: the fork server's first imports are not its fault
START_S = 300.0
#: what `multiprocessing` says of a child whose fork server died
UNKNOWN = 255
log = logging.getLogger("bench.launch.child")


@dataclass(frozen=True)
class _Task:
    """What a child is told: the plan and its unit, the keys of its work and of the work of later children, and whose.

    given_up: keys that failed, so that nothing is made from them. hashes: those of sources that were read already.
    device: where models run.
    """

    path: Path
    unit: str
    work: tuple[str, ...]
    later: int
    strangers: Strangers
    given_up: tuple[str, ...]
    beat: Path
    hashes: dict[sources.Modules, str]
    device: torch.device


def run(path: Path, name: str) -> None:
    """Compute the work of one unit of the plan at `path`, in as many children as it takes.

    Raises BadInput when a child met something no other cell can survive, such as a full disk, and where this machine
    lacks the study's device.
    """
    study = Study.load(path)
    unit = study.unit(name)
    known, pending = Cells(study), set(study.pending.get(name, ()))
    asked = [cell for cell in known.of(unit) if cell.key in pending]
    heart = Heart.of(study, name)
    given_up, tried = list(study.given_up.get(name, ())), set[str]()
    stages = sorted({type(stage).__module__ for stage in known.stages.values()})
    shares = Shares(study).of(asked)
    trains = any(cell.stage == TRAIN.name or strangers for strangers, cells in shares for cell in cells)
    preload = [*PRELOAD, *stages, *([OPTIMISER] if trains else []), *study.modules]
    try:
        device = chosen_device(study.settings["device"], study.everything.index(unit))
        while shares:
            (strangers, work), *others = shares
            if strangers and all(_lost(study, cell, given_up) for cell in work):
                shares = others
                continue
            later = sum(len(cells) for _, cells in others)
            heart.reset(len(work) + later)
            keys, hashes = tuple(cell.key for cell in work), dict(sources.HASHES)
            task = _Task(path, name, keys, later, strangers, tuple(given_up), heart.path, hashes, device)
            end = _child(study, task, preload, heart)
            left = []
            if end is not None:
                # a plug-in may write heartbeats, as it may do anything: no share is read beyond its end
                at = min(heart.position(), len(work) - 1)
                cell = work[at]
                # whoever killed the process may have meant another cell, or none
                again = end[0] == Status.killed and cell.key not in tried
                tried.add(cell.key)
                log.warning("%s: %s: %s%s", name, cell.title, one_line(end[1]), "; tried once more" if again else "")
                if not again:
                    fail(study, cell, *end, device=device)
                    given_up.append(cell.key)
                left = work[at:] if again else work[at + 1 :]
            shares = [(strangers, left), *others] if left else others
    except BadInput as error:
        heart.stop(str(error))
        raise
    heart.finish()
    caches.release(study, name)


def _lost(study: Study, cell: Cell, given_up: Sequence[str]) -> bool:
    """Whether something that a cell is made from failed before or in this call, so that no child is needed."""
    known = [failures.read(study.artefacts(), need.key) for need in cell.needs]
    return any(need.key in given_up for need in cell.needs) or any(f and f["run"] == study.run for f in known)


def started(preload: list[str], work: Callable[..., None], arguments: tuple[Any, ...]) -> BaseProcess | None:
    """A child of the fork server at work; None where none can be started.

    A fork server that was killed is known to be dead a moment after it no longer answers.
    """
    for _ in range(STARTS):
        _serve_forks(preload)
        child = multiprocessing.get_context("forkserver").Process(target=work, args=arguments, daemon=False)
        with contextlib.suppress(ConnectionError, EOFError):
            child.start()
            return child
        time.sleep(POLL_S)
    return None


def _child(study: Study, task: _Task, preload: list[str], heart: Heart) -> tuple[Status, str, str] | None:
    """Run one child to its end: None when all work is done, else what became of the cell it was at."""
    timeout_s, memory = float(study.settings["timeout_s"]), deaths_of_memory()
    here, there = multiprocessing.Pipe(duplex=False)
    child = started(preload, _work, (task, there))
    there.close()
    if child is None:
        return Status.killed, "no process could be started", ""
    try:
        hung = _watch(child, heart, timeout_s)
    finally:
        stop(child)
    word = Word.heard(here)
    here.close()
    try:
        if hung:
            return Status.timeout, f"longer than timeout_s={timeout_s:g} s", ""
        return end_of(child.exitcode or 0, word, study.store, deaths_of_memory() > memory)
    finally:
        # not before: what was left half written is what fills a disk
        if word is None or word.end != "done":
            files.sweep(study.store)


def _serve_forks(preload: list[str]) -> None:
    """Start the fork server, deaf to Ctrl-C: it would interrupt the server's imports, which print where they were."""
    sockets.use_short_folder()
    forkserver.set_forkserver_preload(preload)
    # the fork server would start the tracker, which lets the signal in again
    resource_tracker.ensure_running()
    heard = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, heard)


def _watch(child: BaseProcess, heart: Heart, timeout_s: float) -> bool:
    """Wait for the child's end; True when one cell took longer than the limit."""
    lived = time.monotonic()
    while not wait([child.sentinel], LOOK_S):
        if time.monotonic() - lived > LIVE_S:
            heart.live()
            lived = time.monotonic()
        if heart.cell_seconds() > (max(timeout_s, START_S) if heart.starting() else timeout_s):
            return True
    return False


def stop(child: BaseProcess) -> None:
    """Kill a child that is still there, and know how it ended."""
    if child.is_alive():
        child.kill()
    child.join()
    if child.exitcode == UNKNOWN and child.pid is not None:
        # the fork server died, and what it started may go on
        with contextlib.suppress(ProcessLookupError):
            os.kill(child.pid, signal.SIGKILL)


def _work(task: _Task, word: Connection) -> None:
    """In the child: compute and beat; leave when the parent is gone."""
    _leave_with_parent()
    torch.set_num_threads(1)
    prepare(task.device)
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    sources.HASHES.update(task.hashes)
    study = Study.load(task.path)
    heart = Heart(task.beat, len(task.work) + task.later)
    unit = study.unit(task.unit)

    def beat(at: int, cell: Cell, share: float) -> None:
        heart.beat(at, cell.title, share, on_the_way=cell.key if cell.maker.cache else "")

    run = UnitRun(study, unit, beat, task.strangers, task.device)
    run.given_up |= set(task.given_up)
    try:
        run.run(task.work)
    except BadInput as error:
        Word("stopped", str(error)).send(word)
    except Spoilt as spoilt:
        Word("failed", spoilt.reason, spoilt.trace).send(word)
    else:
        Word("done").send(word)


def _leave_with_parent() -> None:
    parent = multiprocessing.parent_process()

    def wait_for_end() -> None:
        if parent is not None:
            with contextlib.suppress(OSError):
                wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=wait_for_end, daemon=True).start()


def leave_with_launcher() -> None:
    """In a worker of a launcher: leave when the process that started it is gone; at work it would not notice."""
    launcher = os.getppid()

    def look() -> None:
        while os.getppid() == launcher:
            time.sleep(POLL_S)
        os._exit(1)

    if multiprocessing.parent_process() is not None:
        threading.Thread(target=look, daemon=True).start()


def use_forkserver() -> None:
    """Make the fork server the start method of this process; loky's own method cannot start such children."""
    multiprocessing.set_start_method("forkserver", force=True)
