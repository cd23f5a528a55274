"""A Slurm of one node for the tests of this folder that need one; what they compute is the study of the faults."""

import importlib.util
import sys
import tempfile
from pathlib import Path

import pytest
from one_node import OneNode, missing

# the sweeps that tests hurt, and what is installed beside them
sys.path.append(str(Path(__file__).parents[1] / "faults"))


@pytest.fixture(scope="session")
def slurm():
    """A real Slurm; the tests that ask for it are skipped where it is not installed."""
    if absent := missing():
        pytest.skip(f"{', '.join(absent)} not installed: apt-get install slurmctld slurmd slurm-client munge")
    if importlib.util.find_spec("submitit") is None:
        pytest.skip("submitit is not installed: pip install -e '.[slurm]'")
    # a socket's path is short
    with tempfile.TemporaryDirectory(prefix="slurm-") as folder:
        node = OneNode(Path(folder))
        try:
            node.start()
            yield node
        finally:
            node.stop()
