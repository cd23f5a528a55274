"""Committed calibrations belong to what is shipped, and reached what they say; so do its audits."""

import json
from pathlib import Path

import pandas as pd
import pytest
from composed import node

from bench.report import readme
from bench.stages.calibrate import CALIBRATE
from bench.store.keys import describe, key
from bench.verify import published

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "simulators" / "calibrations"
PUBLISHED = ROOT / "results" / "published" / "simulators"
LISTED = [line.split("`")[1] for line in readme.simulators(PUBLISHED).splitlines()[2:]]
SHIPPED = sorted(path.stem for path in (ROOT / "conf" / "simulator").glob("*.yaml"))


@pytest.fixture(scope="module")
def keys():
    """Key of every shipped simulator as it is configured here."""
    return {name: key(describe(node(f"simulator/{name}"))) for name in SHIPPED}


def calibration(simulator_key):
    told = {"stage": "calibrate", "version": CALIBRATE.version, "simulator": simulator_key}
    return FOLDER / f"{key(told)}.json"


@pytest.fixture(scope="module")
def current(keys):
    """Listed simulators whose published audits are those of their present configuration; others are behind the code."""
    audits = pd.read_csv(PUBLISHED / "simulator_audits.csv", dtype={"key": str}).groupby("simulator")["key"].agg(set)
    return [name for name in LISTED if audits[name] == {keys[name]}]


def test_a_listed_simulator_of_another_configuration_is_marked_as_behind(current):
    stale = [c.name for c in published.components_of(PUBLISHED) if c.kind == "simulator" and published.outdated(c)]
    marked = {name for name in LISTED for unit in stale if unit.startswith(f"{name}-")}
    assert marked == {*LISTED} - {*current}


def test_every_listed_simulator_is_calibrated_as_configured_and_no_calibration_is_left_over(keys, current):
    assert [name for name in current if not calibration(keys[name]).is_file()] == []
    used = {calibration(found) for found in keys.values()}
    assert [path.name for path in FOLDER.glob("*.json") if path not in used] == []


def test_simulators_of_the_first_study_are_calibrated(keys):
    quick = pd.read_csv(ROOT / "results" / "published" / "quick" / "models.csv")["simulator"].unique()
    assert [name for name in quick if not calibration(keys[name]).is_file()] == []


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.json")), ids=lambda path: path.stem)
def test_what_was_reached_is_what_was_asked(path):
    found = json.loads(path.read_text())
    assert found["low"] <= found["reached"] <= found["high"]
    assert abs(found["reached"] - found["asked"]) <= 0.02
    assert found["subjects"] >= 4000
