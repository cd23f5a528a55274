"""The verbs of the command line: each a function of a command that returns the exit code."""
