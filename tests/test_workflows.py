"""Workflows: every step is a make target that is there, and every action is named by a commit."""

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from bench import front

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
MAKEFILE = (ROOT / "Makefile").read_text()
TARGETS = re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)[1].split()
PINNED = re.compile(r"uses: ([\w.-]+/[\w./-]+)@([0-9a-f]{40}) # (v\d+\.\d+\.\d+)")


def steps(path):
    return [step for job in yaml.safe_load(path.read_text())["jobs"].values() for step in job["steps"]]


def printed(*words):
    """The commands that make would run, the environment being there."""
    make = ["make", "--no-print-directory", "-n", "-o", ".venv/installed", "-o", ".venv/installed-test", *words]
    # as from a shell, also where make runs the tests
    environment = {
        name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")
    }
    return subprocess.run(make, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_every_step_is_a_make_target(path):
    runs = [step["run"] for step in steps(path) if "run" in step]
    assert runs
    for run in runs:
        make, target, *variables = run.replace("${{ github.run_number }}", "7").split()
        assert make == "make" and target in TARGETS
        assert all(re.search(rf"^{word.partition('=')[0]} \?= ", MAKEFILE, re.MULTILINE) for word in variables)
        assert printed(target, *variables)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_every_action_is_named_by_a_commit_with_its_version_beside_it(path):
    used = [line.strip().removeprefix("- ") for line in path.read_text().splitlines() if "uses:" in line]
    assert used and [line for line in used if not PINNED.fullmatch(line)] == []


def test_an_action_is_the_same_everywhere():
    used = {
        PINNED.search(line).groups() for path in WORKFLOWS for line in path.read_text().splitlines() if "uses" in line
    }
    assert len({action for action, *_ in used}) == len(used)


def test_the_schedule_takes_at_most_an_hour_a_job():
    jobs = yaml.safe_load((ROOT / ".github/workflows/leaderboard.yml").read_text())["jobs"]
    assert {job.get("timeout-minutes", 60) for job in jobs.values()} == {60}


@pytest.mark.parametrize(
    ("target", "verb"),
    [("run", "run"), ("quick", "run"), *((verb, verb) for verb in ("drift", "publish", "pages", "spot"))],
)
def test_a_target_is_a_command_that_is_read(target, verb):
    (line,) = printed(target, "SEED=7", "COUNT=2").splitlines()
    words = front.read(line.partition("-m bench ")[2].split())
    assert words.verb == verb and not words.further
    assert target != "spot" or {"seed=7", "count=2"} < set(words.overrides)
