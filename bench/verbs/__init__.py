"""What each verb of the command line does: a function of a call that returns the exit code."""
