"""Ctrl-C reaches every process of the group: one sentence, no traceback, nothing lost."""

import os
import signal

import pytest
from sweeps import kill
from test_killed import WORKERS

pytestmark = pytest.mark.fault("processes")

LONG = "method.slow.seconds=60"


@pytest.mark.parametrize("launcher", ["basic", pytest.param("joblib", marks=pytest.mark.full)])
def test_ctrl_c_stops_a_cell_at_work(sweep, outcome, launcher):
    process = sweep.start(LONG, *WORKERS[launcher])
    # the second map cannot begin before the first, of a minute, has ended: what stops earlier was stopped
    at_work = sweep.wait_for(process, lambda: "map" in sweep.journal_text())
    kill(process, os.killpg, signal.SIGINT)
    lines = sweep.said.splitlines()
    outcome(
        "Ctrl-C",
        f"while a map is made, launcher {launcher}",
        {"at work": True, "exit": 130, "tracebacks": 0, "last line": "says how to resume"},
        {
            "at work": at_work,
            "exit": process.returncode,
            "tracebacks": sweep.said.count("Traceback"),
            "last line": "says how to resume" if "resume with: python -m bench" in lines[-1] else lines[-1],
        },
    )


@pytest.mark.full
def test_what_was_done_before_ctrl_c_is_kept(sweep, outcome):
    process = sweep.start()
    sweep.wait_for(process, lambda: len(sweep.records()) >= 3)
    kill(process, os.killpg, signal.SIGINT)
    kept = sweep.records()
    code, _ = sweep.run()
    again = sum(sweep.records()[k] != run for k, run in kept.items())
    outcome(
        "Ctrl-C",
        "after some maps, then the same command",
        {"exit": 0, "stored models and maps made again": 0},
        {"exit": code, "stored models and maps made again": again},
        sweep,
    )
