"""What is frozen in conf/ is what the committed rows choose, and loses to no default on the `dev` simulators."""

import json
from pathlib import Path

import pandas as pd
import pytest
import yaml
from composed import node

from bench.tuning.choose import choose

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "results" / "published" / "tune"
CONF = ROOT / "conf"
STUDY = yaml.safe_load((CONF / "study" / "tune.yaml").read_text())


@pytest.fixture(scope="module")
def choices():
    return pd.read_csv(FOLDER / "choices.csv").set_index("method")


def test_choices_are_those_of_the_rows():
    settings, choices = choose(pd.read_parquet(FOLDER / "rows.parquet"))
    for name, table in (("settings", settings), ("choices", choices)):
        pd.testing.assert_frame_equal(pd.read_csv(FOLDER / f"{name}.csv"), table, atol=2e-6, check_dtype=False)


def test_rows_are_of_the_dev_simulators_and_every_method_of_the_study_has_a_choice(choices):
    rows = pd.read_parquet(FOLDER / "rows.parquet", columns=["simulator", "fwhm"])
    assert {*rows["simulator"]} == {*STUDY["axes"]["simulator"]}
    assert {*rows["fwhm"]} == {float(view["fwhm_voxels"]) for view in STUDY["views"]}
    (asked,) = (part["override /method"] for part in STUDY["defaults"] if "override /method" in part)
    assert {*choices.index} >= {*asked}


def test_tuned_parameters_never_lose_to_the_default_by_more_than_the_interval(choices):
    assert list(choices.index[choices["gain_high"] < 0]) == []
    assert (choices["score"] - choices["default_score"] - choices["gain"]).abs().max() < 1e-5


def test_what_is_frozen_is_what_was_chosen(choices):
    tuned = yaml.safe_load((CONF / "tuned.yaml").read_text())
    assert {*tuned} == {*choices.index}
    for name, choice in choices.iterrows():
        parameters = {key: value for key, value in node(f"method/{name}")[name].items() if key != "_target_"}
        assert parameters == json.loads(choice["parameters"]), name
        assert tuned[name] == {"fwhm": choice["fwhm"], "sensitivity": pytest.approx(choice["sensitivity"], abs=6e-4)}


def test_noise_chooses_nothing_for_maps_of_noise(choices):
    assert (choices.loc[["random", "smooth_random"], ["fwhm", "gain"]] == 0).all(axis=None)
