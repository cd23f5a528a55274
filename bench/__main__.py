"""`python -m bench <verb> ...`; the guard keeps children that import this file from running it."""

import gc
import os
import signal
import sys
from types import FrameType


def leave(number: int, frame: FrameType | None) -> None:
    """End at once: an exception in the middle of a native import would abort the process with a dump."""
    os.write(2, b"\ninterrupted before anything was computed\n")
    os._exit(130)


if __name__ == "__main__":
    # the imports take seconds, in which nothing has begun
    found = signal.signal(signal.SIGINT, leave)
    from bench.cli import main

    signal.signal(signal.SIGINT, found)
    code = main(sys.argv[1:])
    # what is left goes back to the system whole: sorting it first would take longer than many a command
    gc.freeze()
    sys.exit(code)
