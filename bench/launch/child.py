"""A unit in a child process: a crash, an out-of-memory kill or a hang costs one cell, and a new child goes on."""

import contextlib
import logging
import multiprocessing
import os
import signal
import threading
import time
from multiprocessing import forkserver, resource_tracker
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from pathlib import Path

import torch

from bench.contracts import BadInput, Status
from bench.launch.progress import Heart
from bench.launch.unit import UnitRun, fail
from bench.plan.cells import Cells
from bench.stages.train import TRAIN
from bench.store import files
from bench.study import Study

#: what the fork server imports once, so that a child starts in milliseconds
PRELOAD = ["torch", "pandas", "scipy.ndimage", "nilearn.datasets", "bench.launch.unit"]
#: what the first optimiser of a process imports, which takes longer than many a model is trained
OPTIMISER = "torch._dynamo"
POLL_S = 0.1
#: how often a child is started whose fork server does not answer
STARTS = 20
#: how long a child may take to start, whatever the limit of a cell: the fork server's first imports are not its fault
START_S = 300.0
#: what `multiprocessing` says of a child whose fork server died
UNKNOWN = 255
#: how a child ends that met a full disk: it says so, or it touched a mapped page for which there was no room
NO_ROOM = (os.EX_IOERR, -signal.SIGBUS)
FULL = (
    "a file of the store could not be written or read, most often because the disk is full; free space or set "
    "paths.results to another disk, then issue the same command"
)
log = logging.getLogger("bench.launch.child")


def run(path: Path, name: str) -> None:
    """Compute the work of one unit of the plan at `path`, in as many children as it takes.

    Raises BadInput when a child met something no other cell can survive, such as a full disk.
    """
    study = Study.load(path)
    unit = study.unit(name)
    known = Cells(study)
    cells = {c.key: c for c in known.of(unit)}
    work = [key for key in cells if key in set(study.pending.get(name, ()))]
    heart = Heart.of(study, name)
    given_up, tried = list(study.given_up.get(name, ())), set[str]()
    stages = sorted({type(stage).__module__ for stage in known.stages.values()})
    optimiser = [OPTIMISER] if any(cells[key].stage == TRAIN.name for key in work) else []
    preload = [*PRELOAD, *stages, *optimiser, *study.modules]
    try:
        while work:
            heart.reset(len(work))
            child = _started(preload, (path, name, work, given_up, heart.path))
            end = _end_of(child, study, heart)
            if end is None:
                break
            work = work[heart.position() :]
            cell, (status, reason) = cells[work[0]], end
            # whoever killed the process may have meant another cell, or none
            again = status == Status.killed and cell.key not in tried
            tried.add(cell.key)
            log.warning("%s: %s: %s%s", cell.unit.id, cell.title, reason, "; tried once more" if again else "")
            if not again:
                fail(study, cell, status, reason)
                given_up.append(cell.key)
                work = work[1:]
    except BadInput as error:
        heart.stop(str(error))
        raise
    heart.finish()


def _started(preload: list[str], arguments: tuple[Path, str, list[str], list[str], Path]) -> BaseProcess | None:
    """A child at work; None where none can be started.

    A fork server that was killed is known to be dead a moment after it no longer answers.
    """
    for _ in range(STARTS):
        _serve_forks(preload)
        child = multiprocessing.get_context("forkserver").Process(target=_work, args=arguments, daemon=False)
        with contextlib.suppress(ConnectionError, EOFError):
            child.start()
            return child
        time.sleep(POLL_S)
    return None


def _end_of(child: BaseProcess | None, study: Study, heart: Heart) -> tuple[Status, str] | None:
    """What became of the cell a child was at, once it is at its end; None when all work is done."""
    if child is None:
        return Status.killed, "no process could be started"
    timeout_s = float(study.settings["timeout_s"])
    try:
        hung = _watch(child, heart, timeout_s)
    finally:
        _end(child)
    if child.exitcode == 0:
        return None
    files.sweep(study.store)
    if hung:
        return Status.timeout, f"longer than timeout_s={timeout_s:g} s"
    code = child.exitcode or 0
    if sentence := heart.stopped() or (FULL if code in NO_ROOM else ""):
        raise BadInput(sentence)
    how = f"signal {-code}" if code < 0 else f"exit code {code}"
    return Status.killed, f"the process died ({how}); often the memory ran out"


def _serve_forks(preload: list[str]) -> None:
    """Start the fork server, deaf to Ctrl-C: it would interrupt the server's imports, which print where they were."""
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
    while not wait([child.sentinel], POLL_S):
        if heart.cell_seconds() > (max(timeout_s, START_S) if heart.starting() else timeout_s):
            return True
    return False


def _end(child: BaseProcess) -> None:
    if child.is_alive():
        child.kill()
    child.join()
    if child.exitcode == UNKNOWN and child.pid is not None:
        # the fork server died, and what it started may go on
        with contextlib.suppress(ProcessLookupError):
            os.kill(child.pid, signal.SIGKILL)


def _work(path: Path, name: str, work: list[str], given_up: list[str], beat: Path) -> None:
    """In the child: compute and beat; leave when the parent is gone."""
    _leave_with_parent()
    torch.set_num_threads(1)
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    study = Study.load(path)
    heart = Heart(beat, len(work))
    run = UnitRun(study, study.unit(name), lambda position, cell, share: heart.beat(position, cell.title, share))
    run.given_up |= set(given_up)
    try:
        run.run(work)
    except BadInput as error:
        heart.stop(str(error))
        raise SystemExit(os.EX_IOERR) from error


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
