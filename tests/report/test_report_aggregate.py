"""The verb `tables` leaves every table that the page shows; study.json says which simulators are to be told apart."""

import shutil

import pytest

from bench import report
from bench.config import compose
from bench.plan import plan
from bench.tables.writer import Writer


def test_every_table_that_rests_on_others_is_written_without_the_page(study_folder, tmp_path):
    made = {
        "leaderboard",
        "comparisons",
        "concordance",
        "components",
        "cells",
        "costs",
        "gates",
        "failure_counts",
        "reliability",
        "consistency",
        "proxies",
        "distances",
        "detection",
    }
    for path in study_folder.iterdir():
        if path.name not in {f"{name}.csv" for name in (*made, "pictures", "violations")} and path.is_file():
            shutil.copy(path, tmp_path)
    shutil.copytree(study_folder / "scores", tmp_path / "scores")
    before = {path.name for path in tmp_path.iterdir()}
    report.aggregate(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} - before == {f"{name}.csv" for name in made}
    for name in made:
        assert (tmp_path / f"{name}.csv").read_bytes() == (study_folder / f"{name}.csv").read_bytes()


@pytest.mark.parametrize(("clean", "kept"), [("mtl_atrophy", {"focal": "mtl_atrophy"}), ("shortcut", {})])
def test_pairs_of_simulators_that_a_study_runs_stand_in_study_json(tmp_path, clean, kept):
    pairs = ("network=linear", "simulator=focal,mtl_atrophy", f"+detect.focal={clean}")
    study, _ = plan.study(["study=quick", *pairs, f"paths.results={tmp_path}"])
    assert Writer(study).about()["detect"] == kept


def test_nothing_is_told_apart_unless_a_study_says_so():
    assert compose.study(["study=quick", "simulator=focal", "network=linear"]).settings["detect"] == {}
