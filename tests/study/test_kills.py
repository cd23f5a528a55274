"""The real command, killed from outside at work, then issued again."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import CONF

ROOT = Path(__file__).parents[2]
METHODS = "method=[random,gradient,slow]"


def command(results, *lines):
    given = [METHODS, f"method.slow.mark={results.parent / 'begun'}", "metric=[calibrated_ap,retraining_stability]"]
    overrides = ["study=fake", f"paths.results={results}", "seed.data=0", "seed.model=0,1", *given, *lines]
    return [sys.executable, "-m", "bench", "-m", "run", *overrides, "--config-dir", str(CONF)]


def finish(results, *lines):
    done = subprocess.run(command(results, *lines), cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done


def tables(results):
    names = ("models.csv", "failures.csv", "panels.npz", "scores/*/*/*.parquet")
    paths = sorted(p for name in names for p in (results / "fake").glob(name))
    assert len(paths) == 4
    return [p.read_bytes() for p in paths]


def start(results, *lines):
    """The command in its own process group, once the slow method has begun."""
    begun = results.parent / "begun"
    begun.unlink(missing_ok=True)
    process = subprocess.Popen(
        command(results, *lines), cwd=ROOT, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    while not begun.exists():
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.02)
    return process


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    results = tmp_path_factory.mktemp("undisturbed") / "results"
    done = finish(results)
    assert str(results) in done.stdout.splitlines()[-1], "the last line names the page"
    return tables(results)


def test_a_run_stopped_at_any_moment_is_resumed(tmp_path, undisturbed):
    """Ctrl-C, then SIGKILL of every process, then of the parent alone, whose children see it go and leave."""
    results, moments = tmp_path / "results", random.Random(0)
    process = start(results)
    os.killpg(process.pid, signal.SIGINT)
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 130
    assert "resume with: python -m bench" in said.splitlines()[-1] and "Traceback" not in said
    for kill in (os.killpg, os.kill):
        process = start(results)
        time.sleep(moments.uniform(0, 0.5))
        kill(process.pid, signal.SIGKILL)
        process.wait()
    finish(results)
    assert tables(results) == undisturbed
    assert not list(results.glob("store/*/.tmp-*/record.json"))


@pytest.mark.full
def test_other_launchers_give_the_same_tables(tmp_path, undisturbed):
    results = tmp_path / "results"
    finish(results, "hydra/launcher=joblib", "hydra.launcher.n_jobs=2")
    assert tables(results) == undisturbed


def test_the_checkout_stays_clean_of_hydra(undisturbed):
    assert not (ROOT / "outputs").exists() and not (ROOT / "multirun").exists()
