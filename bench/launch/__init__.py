"""Launching: jobs, the child process of a unit, its cells in order, heartbeats and progress."""
