"""The sweep that nothing disturbed, sweeps to hurt, small disks, and notes of what every fault did."""

import shutil
import subprocess
import time

import pytest
from sweeps import Sweep


@pytest.fixture(scope="session")
def whole(tmp_path_factory):
    """The sweep that nothing disturbed."""
    sweep = Sweep(tmp_path_factory.mktemp("whole"))
    started = time.monotonic()
    code, said = sweep.run()
    sweep.seconds = time.monotonic() - started
    assert code == 0, said
    assert len(sweep.tables()) >= 8
    return sweep


@pytest.fixture
def sweep(tmp_path):
    """A sweep of which nothing has been computed."""
    return Sweep(tmp_path)


@pytest.fixture
def copied(whole, tmp_path):
    """A finished sweep that may be hurt."""
    shutil.copytree(whole.folder, tmp_path, dirs_exist_ok=True)
    return Sweep(tmp_path)


@pytest.fixture
def outcome(request, whole):
    """outcome(fault, moment, expected, observed, sweep=None): notes what a fault did, then insists on it.

    With a sweep, its tables are compared with those of the undisturbed one.
    """

    def check(fault, moment, expected, observed, sweep=None):
        if sweep:
            same = "identical" if sweep.tables() == whole.tables() else "differ"
            expected, observed = {**expected, "tables": "identical"}, {**observed, "tables": same}
        told = ["; ".join(f"{k} {v}" for k, v in values.items()) for values in (expected, observed)]
        verdict = "held" if expected == observed else "LOST"
        request.node.user_properties.append(("outcome", [fault, moment, *told, verdict]))
        assert observed == expected, sweep.said if sweep else ""

    return check


@pytest.fixture
def mounted(tmp_path):
    """mount(*options): a small disk at `tmp_path / "disk"`; the same call with `remount` changes it."""
    disk = tmp_path / "disk"
    disk.mkdir()

    def mount(options):
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(disk)], capture_output=True, text=True, check=False
        )
        if done.returncode:
            pytest.skip(f"mounting is not permitted here: {done.stderr.strip()}")
        return disk

    yield mount
    while subprocess.run(["umount", str(disk)], capture_output=True, check=False).returncode == 0:
        pass
