"""Marks of processes, by which what one left behind is known once it is over."""

import hashlib
import os
from contextlib import suppress
from functools import cache
from pathlib import Path

PROC = Path("/proc")


def mark(pid: int) -> str:
    """The machine, number and start of a process; no hyphen stands in it."""
    return f"{_machine()}.{pid}.{_start(pid)}"


def is_over(text: str) -> bool:
    """True if a mark is of a process of this machine that is over; False where that is not known."""
    return _is_ours(text) and not is_alive(text)


def is_alive(text: str) -> bool:
    """True if a mark is of a process of this machine that goes on; False where that is not known."""
    return _is_ours(text) and text == mark(int(text.split(".")[1]))


def _is_ours(text: str) -> bool:
    machine, _, rest = text.partition(".")
    return machine == _machine() and rest.partition(".")[0].isdecimal()


def _start(pid: int) -> str:
    """When a process began, in ticks since the machine did; "over" where it is none or has ended."""
    with suppress(OSError):
        state, *further = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
        return "over" if state in ("Z", "X") else further[18]
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return "over"
    except OSError:
        pass
    return "0"


@cache
def _machine() -> str:
    """This machine since it was started, and the processes that see each other on it."""
    texts = [os.uname().nodename]
    with suppress(OSError):
        texts += [(PROC / "sys/kernel/random/boot_id").read_text(), str((PROC / "self/ns/pid").readlink())]
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:8]
