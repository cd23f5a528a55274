from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import synthetic
from scipy import stats

from bench import report
from bench.report.rankings import violations
from bench.report.statistics.intervals import of_sample


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return synthetic.study(tmp_path_factory.mktemp("audits") / "study", subjects=8, seed=3)


def audited(folder, method, edit):
    """Violations with one method's rows of focal, gap_cnn edited; the file is put back afterwards."""
    name = f"{list(synthetic.METHODS).index(method):02d}.parquet"
    file = folder / "scores" / "simulator=focal" / "network=gap_cnn" / name
    before = file.read_bytes()
    try:
        edit(pd.read_parquet(file, partitioning=None)).to_parquet(file, index=False)
        return report.violations(folder)
    finally:
        file.write_bytes(before)


def chosen(table, metric="calibrated_ap"):
    return (table["metric"] == metric) & (table["status"] == "ok")


def test_a_sound_study_breaks_no_rule(folder):
    assert report.violations(folder) == []


@pytest.mark.parametrize(
    ("method", "edit", "told"),
    [
        ("occlusion", lambda t: t.assign(value=t["value"].where(~chosen(t, "region_ap"), 1.0)), None),
        ("oracle_use", lambda t: t.assign(value=t["value"].where(~chosen(t, "region_ap"), 0.5)), "beats the oracle"),
        ("random", lambda t: t.assign(value=t["value"] + 0.03 * chosen(t)), "not the chance"),
        ("sobel", lambda t: t.assign(value=t["value"].where(~chosen(t), np.nan)), "without a finite value"),
        ("sobel", lambda t: t.assign(value=t["value"] + 2 * chosen(t)), "outside"),
        ("sobel", lambda t: pd.concat([t, t.iloc[:1]]), "stand twice"),
        ("broken", lambda t: t.assign(reason=""), "give no reason"),
        ("broken", lambda t: t.assign(value=0.3), "although they are not ok"),
    ],
)
def test_each_planted_fault_is_told(folder, method, edit, told):
    found = audited(folder, method, edit)
    assert all(fault.startswith("focal, gap_cnn") for fault in found)
    assert any(told in fault for fault in found) if told else found == []


def test_random_is_judged_family_wise(tmp_path):
    clean = [
        report.violations(synthetic.study(tmp_path / str(s), data_seeds=3, model_seeds=1, subjects=6, seed=s))
        for s in range(6)
    ]
    assert clean == [[]] * 6


def test_a_missing_oracle_and_an_empty_ranking_are_told(folder):
    gone = audited(folder, "oracle_use", lambda t: t[t["metric"] != "region_ap"])
    assert any("the oracle of use has no value" in fault for fault in gone)


def test_a_network_that_a_study_cannot_train_is_no_empty_ranking(tmp_path):
    made = synthetic.study(tmp_path / "study", subjects=6, seed=3)
    for file in (made / "scores" / "simulator=focal" / "network=gap_cnn").glob("*.parquet"):
        table = pd.read_parquet(file, partitioning=None)
        told = table.assign(status="unsupported", reason="it fits itself", value=np.nan)
        told.to_parquet(file, index=False)
    assert not any("is empty" in fault for fault in report.violations(made))


def test_chance_that_is_not_zero_is_held_against_the_mean_with_its_sign():
    """The chance of every metric of the synthetic study is 0; that of an area under a curve is .5."""
    metrics = pd.DataFrame({"metric": ["roc_auc"], "localisation": [True], "chance": [0.5]})
    place = {"simulator": "s", "network": "n", "metric": "roc_auc", "truth": "t", "view": "abs"}
    results = SimpleNamespace(metrics=metrics)
    for middle, complaints in ((0.5, 0), (-0.5, 1), (0.0, 1), (1.0, 1)):
        values = middle + 0.01 * np.linspace(-1, 1, 9)
        assert len(violations.random_at_chance(results, pd.DataFrame({**place, "value": values}))) == complaints


def test_few_skewed_values_at_chance_are_not_told():
    """Means of 32 exponential values leave a plain t-interval of 99.8 % far too often, on the low side."""
    rng, allowed = np.random.default_rng(0), stats.t.ppf(0.999, 31)
    samples = rng.exponential(size=(4000, 32)) - 1
    plain = np.abs(samples.mean(1) / samples.std(1, ddof=1) * np.sqrt(32)) > allowed
    corrected = np.abs(of_sample(samples).ratio) > allowed
    assert plain.mean() > 4 * corrected.mean() and corrected.mean() < 0.005
    assert np.mean(of_sample(samples[:400] + 1).ratio > allowed) > 0.9
    assert of_sample(np.zeros(5)).ratio == 0
