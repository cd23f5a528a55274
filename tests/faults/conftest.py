"""The sweep that nothing disturbed, sweeps to hurt, small disks, and a book of what every fault did."""

import csv
import io
import json
import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from sweeps import ROOT, Sweep

BOOK = ROOT / "results" / "published" / "faults.csv"
COLUMNS = ["fault", "moment", "expected", "observed", "verdict"]


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
def outcome(request, book, whole):
    """outcome(fault, moment, expected, observed, sweep=None): notes what a fault did, then insists on it.

    With a sweep, its tables are compared with those of the undisturbed one.
    """

    def check(fault, moment, expected, observed, sweep=None):
        if sweep:
            same = "identical" if sweep.tables() == whole.tables() else "differ"
            expected, observed = {**expected, "tables": "identical"}, {**observed, "tables": same}
        told = ["; ".join(f"{k} {v}" for k, v in values.items()) for values in (expected, observed)]
        verdict = "as expected" if expected == observed else "LOST"
        book.setdefault(request.node.nodeid, []).append([fault, moment, *told, verdict])
        assert observed == expected, sweep.said if sweep else ""

    return check


@pytest.fixture(scope="session")
def book(request, tmp_path_factory):
    """{test: rows}; written where it is committed once every test of this folder has run, in whatever workers."""
    rows, worker = {}, os.environ.get("PYTEST_XDIST_WORKER")
    yield rows
    shared = tmp_path_factory.getbasetemp()
    shared = shared.parent if worker else shared
    (shared / f"faults-{worker}.json").write_text(json.dumps(rows))
    known = {k: v for p in shared.glob("faults-*.json") for k, v in json.loads(p.read_text()).items()}
    if _everything(request.session) <= known.keys():
        BOOK.write_text(_csv(sorted(row for some in known.values() for row in some)))


def _everything(session):
    """Every test of this folder, or something no run has if this run left any out."""
    option = session.config.option
    files = {i.path for i in session.items if i.path.parent == Path(__file__).parent}
    chosen = option.markexpr or option.keyword or any("::" in a for a in session.config.args)
    if chosen or files != set(Path(__file__).parent.glob("test_*.py")):
        return {"not all were asked for"}
    return {i.nodeid for i in session.items if i.path in files}


def _csv(rows):
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows([COLUMNS, *rows])
    return stream.getvalue()


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
