"""SIGKILL at random moments of a sweep, then the same command: the same tables, and next to nothing made again."""

import contextlib
import os
import random
import signal
import time
from pathlib import Path

import pytest
from sweeps import PATIENCE_S, ROOT, kill

pytestmark = pytest.mark.fault("processes")

WORKERS = {"basic": (), "joblib": ("hydra/launcher=joblib", "hydra.launcher.n_jobs=2")}
#: seed, launcher and number of kills: a short chain where long ones are not asked for
CHAINS = [
    pytest.param(6, "basic", 1),
    *(pytest.param(s, "joblib" if s % 2 else "basic", 5, marks=pytest.mark.full) for s in range(6)),
]


def struck(sweep, moments, lines):
    """Start, and kill the group at a random moment; models and maps that were stored by then."""
    process = sweep.start(*lines)
    enough, pause = sweep.stored() + moments.randint(0, 4), moments.uniform(0, 0.3)
    sweep.wait_for(process, lambda: sweep.stored() >= enough)
    time.sleep(pause)
    kill(process)
    return sweep.records()


@pytest.mark.parametrize(("seed", "launcher", "kills"), CHAINS)
def test_a_killed_sweep_goes_on(sweep, whole, outcome, seed, launcher, kills):
    moments, lines = random.Random(seed), WORKERS[launcher]
    kept = {}
    for _ in range(kills):
        kept |= struck(sweep, moments, lines)
    code, _ = sweep.run(*lines)
    after = sweep.records()
    again, lost = sum(after[k] != run for k, run in kept.items()), sweep.begun() - whole.begun()
    workers = len(lines) or 1
    outcome(
        "SIGKILL to the process group",
        f"{kills} random moments, seed {seed}, launcher {launcher}",
        {"exit": 0, "stored models and maps made again": 0, "begun again": "at most one a worker and kill"},
        {
            "exit": code,
            "stored models and maps made again": again,
            "begun again": "at most one a worker and kill" if 0 <= lost <= kills * workers else lost,
        },
        sweep,
    )


@pytest.mark.full
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_sweep_killed_at_any_share_of_its_time_goes_on(sweep, outcome, whole, share):
    """Planning, preloading and the writing of tables are hit as well."""
    process = sweep.start()
    time.sleep(share * whole.seconds)
    kill(process)
    code, _ = sweep.run()
    outcome(
        "SIGKILL to the process group", f"at {share:.0%} of the time of a sweep", {"exit": 0}, {"exit": code}, sweep
    )


def alive(session):
    """{process: command} of a session, without what has ended and waits to be asked how."""
    found = {}
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            state, _, _, of, *_ = (path / "stat").read_text().rpartition(")")[2].split()
            if int(of) == session and state != "Z":
                found[int(path.name)] = (path / "cmdline").read_text().replace("\0", " ")
    return found


@pytest.mark.full
@pytest.mark.parametrize("launcher", WORKERS)
def test_nothing_stays_when_the_parent_alone_is_killed(sweep, outcome, launcher):
    process = sweep.start("method.slow.seconds=3", *WORKERS[launcher])
    sweep.wait_for(process, sweep.begun)
    kill(process, os.kill)
    end = time.monotonic() + 20
    while alive(process.pid) and time.monotonic() < end:
        time.sleep(0.1)
    staying = len(alive(process.pid))
    code, _ = sweep.run(*WORKERS[launcher])
    left = len(list(sweep.results.rglob(".tmp-*")))
    outcome(
        "SIGKILL to the parent alone",
        f"while a map is made, launcher {launcher}",
        {"processes that stay": 0, "exit": 0, "hidden files": 0},
        {"processes that stay": staying, "exit": code, "hidden files": left},
        sweep,
    )


@pytest.mark.full
def test_a_killed_worker_is_one_line_and_its_unit_goes_on(sweep, outcome):
    process = sweep.start("method.slow.seconds=1", *WORKERS["joblib"])
    sweep.wait_for(process, lambda: "map" in sweep.journal_text())
    workers = [pid for pid, command in alive(process.pid).items() if "popen_loky" in command]
    os.kill(workers[0], signal.SIGKILL)
    code = process.wait(PATIENCE_S)
    said = sweep.said
    lines = sum(line.startswith("a worker of the launcher ended early") for line in said.splitlines())
    # a map that takes its time has a key of its own: the tables to compare are those of the sweep without
    assert sweep.run("replace=true")[0] == 0
    outcome(
        "SIGKILL to a worker",
        "while a map is made, launcher joblib",
        {"exit": 0, "lines": 1, "tracebacks": 0},
        {"exit": code, "lines": lines, "tracebacks": said.count("Traceback")},
        sweep,
    )


def test_a_sweep_leaves_the_checkout_clean(whole, outcome):
    left = sum((ROOT / name).exists() for name in ("outputs", "multirun"))
    outcome("none", "an undisturbed sweep", {"left in the checkout": 0}, {"left in the checkout": left})
