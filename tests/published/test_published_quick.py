"""What the committed rows must show, whatever their numbers are."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bench import report
from bench.report import readme

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "results" / "published" / "quick"


@pytest.fixture(scope="module")
def scores():
    return pd.read_parquet(FOLDER / "scores")


def test_no_rule_is_broken():
    """Oracles lead, random sits at chance, values stay in bounds, every row has a value or a reason."""
    assert report.violations(FOLDER) == []


def test_every_truth_has_its_oracle_with_values(scores):
    ok = scores[scores["status"] == "ok"]
    for truth, metric in (("planted", "calibrated_ap"), ("counterfactual", "calibrated_ap"), ("use", "region_ap")):
        own = ok[(ok["method"] == f"oracle_{truth}") & (ok["truth"] == truth) & (ok["metric"] == metric)]
        assert own["value"].mean() == pytest.approx(1.0, abs=1e-6)


def test_the_study_is_the_one_promised(scores):
    units = scores.loc[scores["model_seed"] >= 0, ["simulator", "network", "data_seed", "model_seed"]]
    counted = units.drop_duplicates().groupby(["simulator", "network"], observed=True).size()
    assert (counted == 6).all()
    assert len(counted) == 4


def test_no_network_passes_its_reference_observer():
    """Its models by more than the standard error of their mean difference in AUC, none by more than three of its own.

    One task leaves the convolutional network room for mistakes.
    """
    models = pd.read_csv(FOLDER / "models.csv")
    ends = (("auc_low", "auc_high"), ("separability_low", "separability_high"))
    error = np.hypot(*((models[high] - models[low]) / (2 * 1.96) for low, high in ends))
    ahead = models["auc"] - models["auc_reference"]
    assert (ahead < 3 * error).all()
    groups = [models["simulator"], models["network"]]
    assert (ahead.groupby(groups).mean() < error.groupby(groups).mean() / 6**0.5).all()
    assert models[models["network"] != "linear"].groupby("simulator")["auc"].mean().min() < 0.985


def test_a_convolutional_network_passes_the_gate_on_every_simulator():
    models = pd.read_csv(FOLDER / "models.csv")
    passed = models[models["network"] != "linear"].groupby("simulator")["passed"].mean()
    assert (passed > 0.5).all()
    assert (models.loc[models["passed"], "competence_low"] >= 0.8).all()


def test_nothing_failed():
    scores = pd.read_parquet(FOLDER / "scores", columns=["status"])
    assert set(scores["status"].astype(str)) <= {"ok", "unsupported", "undefined"}


def test_readme_shows_the_published_table():
    assert readme.leaderboard(FOLDER) in (ROOT / "results" / "README.md").read_text()


def test_tables_are_rebuilt_from_the_rows(tmp_path):
    """The leaderboard is a function of the committed rows."""
    import shutil

    copy = tmp_path / "quick"
    shutil.copytree(FOLDER, copy)
    (copy / "leaderboard.csv").unlink()
    report.leaderboard(copy)
    told = ["ranking", "simulator", "network", "method", "mean", "low", "high", "rank", "status"]
    fresh, published = (pd.read_csv(folder / "leaderboard.csv")[told] for folder in (copy, FOLDER))
    # the last of four decimals may turn on another machine
    pd.testing.assert_frame_equal(fresh, published, atol=1.5e-4, rtol=0)
