"""`python -m bench <verb> ...`; the guard keeps children that import this file from running it."""

import gc
import signal
import sys

if __name__ == "__main__":
    # an interrupt within a native import aborts the process: it waits until the imports are done
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        from bench.cli import main

        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        code = main(sys.argv[1:])
    except KeyboardInterrupt:
        # the imports above take seconds, in which nothing has begun
        print("\ninterrupted before anything was computed", file=sys.stderr)
        code = 130
    # what is left goes back to the system whole: sorting it first would take longer than many a command
    gc.freeze()
    sys.exit(code)
