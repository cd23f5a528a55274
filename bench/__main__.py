"""`python -m bench <verb> ...`; the guard keeps children that import this file from running it."""

import sys

if __name__ == "__main__":
    from bench.cli import main

    sys.exit(main(sys.argv[1:]))
