"""How the process ends: with the code it means, whatever native libraries would do at exit."""

import os
import subprocess
import sys

import pytest
from sweeps import ROOT

pytestmark = pytest.mark.fault("processes")

BENCH = [sys.executable, "-m", "bench"]


@pytest.mark.full
def test_a_reader_that_leaves_ends_the_command_without_a_traceback():
    read, write = os.pipe()
    os.close(read)
    ended = subprocess.run([*BENCH, "plan", "study=tiny"], cwd=ROOT, stdout=write, stderr=subprocess.PIPE, text=True)
    os.close(write)
    assert (ended.returncode, ended.stderr) == (141, "")


def test_a_library_that_aborts_while_the_process_is_taken_apart_does_not_change_the_code():
    # a native destructor runs after Python's own exit handlers; this one aborts, as pyarrow's pool now and then does
    aborts = "import ctypes, runpy, sys; c = ctypes.CDLL(None); c.on_exit(ctypes.cast(c.abort, ctypes.c_void_p), 0); "
    bench = "sys.argv = ['bench', 'plan', 'study=nix']; runpy.run_module('bench', run_name='__main__')"
    ended = subprocess.run([sys.executable, "-c", aborts + bench], cwd=ROOT, capture_output=True, text=True)
    assert ended.returncode == 2, ended.stderr
    assert "no study 'nix'" in ended.stderr
    assert subprocess.run([sys.executable, "-c", aborts], capture_output=True).returncode == -6
