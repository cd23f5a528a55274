"""Folders that are kept when their writer is interrupted: hidden, and taken over by the next one once it is over."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from bench.store import files, processes


@contextlib.contextmanager
def taken_over(folder: Path, name: str) -> Iterator[Path]:
    """A hidden folder of this process alone, beside others in `folder`, with what an interrupted one left under a name.

    It is gone once it has served, and after an error, which may be its fault or that of a full disk.
    """
    files.make_folder(folder)
    files.sweep(folder)
    begun = folder / f"{files.UNFINISHED}{name}-{processes.mark(os.getpid())}"
    for left in sorted(folder.glob(f"{files.UNFINISHED}{name}-*"), key=_size, reverse=True):
        if processes.is_over(left.name.rpartition("-")[2]):
            # another process may be faster, and the largest is enough
            with contextlib.suppress(OSError):
                left.rename(begun)
            files.remove(left)
    files.make_way(begun)
    begun.mkdir(exist_ok=True)
    try:
        yield begun
    except Exception:
        files.remove(begun)
        raise
    files.remove(begun)


def _size(folder: Path) -> int:
    with contextlib.suppress(OSError):
        return sum(path.stat().st_size for path in folder.iterdir())
    return 0
