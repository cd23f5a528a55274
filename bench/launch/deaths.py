"""Ends of a child process, in words: what a message says that it sent, or its exit code and the system's count."""

import json
import os
import shutil
import signal
from contextlib import suppress
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Literal

from bench.contracts import BadInput, Status
from bench.store.files import ROOM

FULL = (
    "a file of the store could not be written or read, most often because the disk is full; free space or set "
    "paths.results to another disk, then issue the same command"
)
#: where Linux counts the processes that it killed for want of memory
_COUNTS = (Path("/proc/vmstat"), Path("/sys/fs/cgroup/memory.events"))


@dataclass(frozen=True)
class Word:
    """The last word of a child: all is `done`, one cell `failed` and spoilt the process, or nothing more can be done.

    reason: of the two others, in one sentence. trace: the traceback of a failure.
    """

    end: Literal["done", "failed", "stopped"]
    reason: str = ""
    trace: str = ""

    def send(self, to: Connection) -> None:
        """Say it; a child whose end of the pipe was closed says nothing."""
        with suppress(OSError):
            to.send_bytes(json.dumps(asdict(self)).encode())

    @classmethod
    def heard(cls, at: Connection) -> "Word | None":
        """What was said before the end; None where a child died without a word."""
        with suppress(OSError, EOFError, ValueError, TypeError):
            if at.poll():
                return cls(**json.loads(at.recv_bytes()))
        return None


def deaths_of_memory() -> int:
    """Processes that the system killed for want of memory since it was started."""
    counts = 0
    for path in _COUNTS:
        with suppress(OSError):
            counts += sum(
                int(line.split()[1]) for line in path.read_text().splitlines() if line.startswith("oom_kill ")
            )
    return counts


def end_of(code: int, word: Word | None, store: Path, of_memory: bool) -> tuple[Status, str, str] | None:
    """(status, reason, traceback) of the cell at which a child ended; None where all its work is done.

    of_memory: whether the system killed any process for want of memory meanwhile.

    Raises:
        BadInput: where no other cell would fare better, as on a full disk.
    """
    if word is not None and word.end == "done":
        return None
    if word is not None and word.end == "stopped":
        raise BadInput(word.reason)
    if word is not None:
        return Status.failed, word.reason, word.trace
    if code in (os.EX_IOERR, -signal.SIGBUS) and _is_full(store):
        raise BadInput(FULL)
    return Status.killed, f"the process {how_ended(code, of_memory)}", ""


def how_ended(code: int, of_memory: bool) -> str:
    """The end of a process, in words that follow those for the process."""
    if code >= 0:
        return f"was ended from within, before its work was done (exit code {code})"
    with suppress(ValueError):
        name = f"signal {-code}, {signal.Signals(-code).name}"
        if code == -signal.SIGKILL:
            return f"was killed ({name}) " + ("as the memory ran out" if of_memory else "while there was memory left")
        return f"died ({name})"
    return f"died (signal {-code})"


def _is_full(store: Path) -> bool:
    with suppress(OSError):
        return shutil.disk_usage(store).free < ROOM
    return True
