"""`python -m bench <verb> ...`; the guard keeps children that import this file from running it."""

import atexit
import contextlib
import os
import signal
import sys
from types import FrameType


def leave_early(number: int, frame: FrameType | None) -> None:
    """End at once: an exception in the middle of a native import would abort the process with a dump."""
    os.write(2, b"\ninterrupted before anything was computed\n")
    os._exit(130)


def leave() -> None:
    """End without taking the process apart, in which native thread pools (pyarrow's) now and then abort it."""
    for stream in (sys.stdout, sys.stderr):
        # a reader that wants no more, as in `| head`, is no error
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


if __name__ == "__main__":
    # what an exception that nobody catches leaves
    code = 1
    # registered first, called last: what libraries do at exit is done
    atexit.register(leave)
    # the imports take seconds, in which nothing has begun
    found = signal.signal(signal.SIGINT, leave_early)
    from bench.front import begin

    try:
        begun = begin(sys.argv[1:])
        if isinstance(begun, int):
            code = begun
        else:
            # torch and Hydra, which what needs no study does without
            from bench.cli import execute

            signal.signal(signal.SIGINT, found)
            code = execute(begun, sys.argv[1:])
    except SystemExit as asked:
        code = asked.code if isinstance(asked.code, int) else 0
