"""A folder for the sockets of the fork server, whose paths a system cuts off at about a hundred bytes."""

import os
import tempfile
from multiprocessing import util

from bench.contracts import impossible

#: bytes of a folder in which a socket's path, with the names that multiprocessing gives, fits on Linux and macOS
LONGEST = 70
SHORT = ("/tmp", "/var/tmp", "/dev/shm")


def use_short_folder() -> None:
    """Let multiprocessing keep its sockets where their paths fit, if the folder for temporary files is too long.

    Raises BadInput where there is no such place.
    """
    usual = tempfile.gettempdir()
    if len(os.fsencode(usual)) <= LONGEST:
        return
    short = next((folder for folder in SHORT if os.access(folder, os.W_OK | os.X_OK)), None)
    if short is None:
        raise impossible("", "TMPDIR", usual, f"at most {LONGEST} letters, as sockets lie there")
    try:
        tempfile.tempdir = short
        # made once a process
        util.get_temp_dir()
    finally:
        tempfile.tempdir = usual
