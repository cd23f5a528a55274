"""Committed calibrations belong to what is shipped, and reached what they say; so do its audits."""

import json
from pathlib import Path

import pandas as pd
import pytest
from composed import node

from bench.report import readme
from bench.stages.calibrate import CALIBRATE
from bench.store.keys import describe, key

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


def test_every_listed_simulator_is_calibrated_as_configured_and_no_calibration_is_left_over(keys):
    assert [name for name in LISTED if not calibration(keys[name]).is_file()] == []
    used = {calibration(found) for found in keys.values()}
    assert [path.name for path in FOLDER.glob("*.json") if path not in used] == []


@pytest.mark.parametrize("name", LISTED)
def test_what_was_reached_is_what_was_asked(name, keys):
    found = json.loads(calibration(keys[name]).read_text())
    assert found["low"] <= found["reached"] <= found["high"]
    assert abs(found["reached"] - found["asked"]) <= 0.02
    assert found["subjects"] >= 4000


def test_audits_of_listed_simulators_are_those_of_their_configuration(keys):
    audits = pd.read_csv(PUBLISHED / "simulator_audits.csv", dtype={"key": str})
    for name in LISTED:
        assert set(audits.loc[audits["simulator"] == name, "key"]) == {keys[name]}, name
