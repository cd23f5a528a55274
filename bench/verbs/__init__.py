"""The verbs of the command line: each a function of a call that returns the exit code."""
