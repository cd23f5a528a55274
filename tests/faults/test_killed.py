"""SIGKILL at random moments of a sweep, then the same command: the same tables, and next to nothing made again."""

import os
import random
import time

import pytest
from sweeps import ROOT, kill

WORKERS = {"basic": (), "joblib": ("hydra/launcher=joblib", "hydra.launcher.n_jobs=2")}
#: seed, launcher and number of kills: a short chain where long ones are not asked for
CHAINS = [
    pytest.param(6, "basic", 2),
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


@pytest.mark.full
def test_children_leave_when_the_parent_alone_is_killed(sweep, outcome):
    process = sweep.start("method.slow.seconds=3")
    sweep.wait_for(process, sweep.begun)
    kill(process, os.kill)
    before = sweep.begun()
    time.sleep(4)
    stayed = sweep.begun() > before
    code, _ = sweep.run()
    outcome(
        "SIGKILL to the parent alone",
        "while a map is made",
        {"children": "leave", "exit": 0},
        {"children": "stay" if stayed else "leave", "exit": code},
        sweep,
    )


def test_a_sweep_leaves_the_checkout_clean(whole, outcome):
    left = sum((ROOT / name).exists() for name in ("outputs", "multirun"))
    outcome("none", "an undisturbed sweep", {"left in the checkout": 0}, {"left in the checkout": left})
