"""What each verb of the command line does: a function of a call that returns the exit code."""

from bench.verbs.call import Call
from bench.verbs.computing import compute, say_failures, write_tables

__all__ = ["Call", "compute", "say_failures", "write_tables"]
