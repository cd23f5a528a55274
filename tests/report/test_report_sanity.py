"""Verdicts of metrics with a floor: by the whole interval, and only from enough data seeds on."""

import numpy as np
import pandas as pd
import pytest
import synthetic
import undrawn

from bench.report.load.results import Results
from bench.report.rankings import sanity
from bench.report.rankings.blocks import Blocks
from bench.report.rankings.means import table

CASCADE = "cascading_randomisation"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = synthetic.study(tmp_path_factory.mktemp("sanity") / "study", data_seeds=5, subjects=6)
    metrics = pd.read_csv(made / "metrics.csv", keep_default_na=False)
    metrics["floor"] = np.where(metrics["metric"] == CASCADE, "0.0", "")
    metrics.to_csv(made / "metrics.csv", index=False)
    return made


def judged(folder, low, high, seeds=5, gate="passed", metric=CASCADE):
    here = {
        "simulator": synthetic.GROUP,
        "network": "gap_cnn",
        "method": "gradient",
        "metric": metric,
        "truth": "",
        "view": "",
    }
    numbers = {"mean": (low + high) / 2, "low": low, "high": high, "gate": gate, "n_data_seeds": seeds}
    return list(sanity.table(Results.load(folder), pd.DataFrame([{**here, **numbers}]))["verdict"])


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (-0.3, -0.1, "passed"),
        (0.1, 0.3, "failed"),
        (0.0, 0.0, "failed"),
        (-0.1, 0.1, "unclear"),
        (np.nan, np.nan, "undefined"),
    ],
)
def test_the_interval_decides(folder, low, high, verdict):
    assert judged(folder, low, high) == [verdict]


def test_few_data_seeds_are_a_preview_and_models_below_the_gate_have_no_verdict(folder):
    assert judged(folder, -0.3, -0.1, seeds=4)[0].startswith("preview")
    assert judged(folder, -0.3, -0.1, gate="below gate") == []


def test_metrics_without_a_floor_have_no_verdict(folder):
    assert judged(folder, -0.3, -0.1, metric="max_sensitivity") == []


def test_where_higher_is_better_the_other_side_passes(folder):
    metrics = pd.read_csv(folder / "metrics.csv", keep_default_na=False)
    turned = metrics.assign(higher_is_better=True)
    turned.to_csv(folder / "metrics.csv", index=False)
    try:
        assert judged(folder, -0.3, -0.1) == ["failed"] and judged(folder, 0.1, 0.3) == ["passed"]
    finally:
        metrics.to_csv(folder / "metrics.csv", index=False)


def test_a_study_says_who_fails_in_its_table_and_beside_its_rankings(folder):
    page = undrawn.page(folder)
    study = Results.load(folder)
    found = sanity.table(study, table(study, Blocks.read(study).all_strata))
    written = pd.read_csv(folder / "sanity.csv", keep_default_na=False, na_values={"mean": "", "low": "", "high": ""})
    pd.testing.assert_series_equal(written["verdict"], found["verdict"])
    failing = sanity.failures(found, "gap_cnn", synthetic.GROUP)
    # similarities of all methods lie above the floor in these tables
    assert failing["sobel"] == [CASCADE] and "broken" not in failing
    board = pd.read_csv(folder / "leaderboard.csv", keep_default_na=False).query("network == 'gap_cnn'")
    told = board[(board["simulator"] == synthetic.GROUP) & (board["status"] == "fails sanity")]
    assert set(told["method"]) == set(failing) and (told["rank"] == "").all()
    assert "depends on nothing learnt, by cascading randomisation" in page


def test_a_study_without_floors_has_no_verdicts(tmp_path):
    study = Results.load(synthetic.study(tmp_path / "study", data_seeds=2, subjects=3))
    assert len(sanity.table(study, table(study, Blocks.read(study).all_strata))) == 0
