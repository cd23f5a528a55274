"""Validity of proxies on tables where it is known, and on a whole synthetic study."""

import numpy as np
import pandas as pd
import pytest
import synthetic
from scipy.stats import t

from bench.report.load.results import Ranking, Results
from bench.report.metrics import models, proxies
from bench.report.metrics import tables as metric_tables
from bench.report.metrics.models import Table
from bench.report.statistics.correlation import spearman


def table(values, metric, unit):
    frame = pd.DataFrame(values, columns=[f"method{k}" for k in range(np.shape(values)[1])])
    return Table(*unit, metric, "", frame)


def world(seeds=4, subjects=12):
    """Six methods of known quality; one proxy follows it, one runs against it, one is noise."""
    source, quality = np.random.default_rng(0), np.arange(6.0)
    units = [(d, m) for d in range(seeds) for m in range(2)]
    noise = lambda: source.normal(size=(subjects, 6))  # noqa: E731
    truth = [table(quality + 0.1 * noise(), "truth", u) for u in units]
    tables = [table(quality + 0.1 * noise(), "good", u) for u in units]
    tables += [table(-quality + 0.1 * noise(), "bad", u) for u in units]
    tables += [table(noise(), "noise", u) for u in units]
    return tables, {"anatomy": truth}


def test_a_proxy_that_follows_the_truth_predicts_it_and_noise_does_not():
    tables, criteria = world()
    rows = proxies.proxies(tables, criteria, {"good", "bad", "noise"}).set_index("proxy")
    assert rows.loc["good", "spearman"] == pytest.approx(1, abs=0.02) and rows.loc["good", "ceiling"] > 0.95
    assert rows.loc["bad", "spearman"] == pytest.approx(-1, abs=0.02)
    assert rows.loc["noise", "low"] < 0 < rows.loc["noise", "high"] and rows.loc["noise", "ceiling"] < 0.8
    assert rows["n_units"].tolist() == [8, 8, 8]


def test_what_is_no_proxy_or_was_not_measured_on_the_model_is_left_out():
    tables, criteria = world()
    assert set(proxies.proxies(tables, criteria, {"good"})["proxy"]) == {"good"}
    other = [table(tables[0].values.to_numpy(), "good", (99, 0))]
    assert proxies.proxies(other, criteria, {"good"}).empty


def test_a_method_that_one_of_them_lacks_does_not_count():
    tables, criteria = world()
    whole = proxies.proxies(tables, criteria, {"noise"}).iloc[0]
    for unit in tables:
        unit.values["lost"] = np.nan
        unit.values["more"] = 1.0
    again = proxies.proxies([Table(*t.unit, t.metric, "", t.values) for t in tables], criteria, {"noise"}).iloc[0]
    assert again["n_methods"] == whole["n_methods"] == 6
    columns = ["spearman", "low", "high", "over_models"]
    assert again[columns].astype(float).to_numpy() == pytest.approx(whole[columns].astype(float).to_numpy())


def test_the_interval_is_over_data_seeds():
    tables, criteria = world(seeds=3)
    row = proxies.proxies(tables, criteria, {"noise"}).iloc[0]
    pairs = zip([x for x in tables if x.metric == "noise"], criteria["anatomy"], strict=True)
    within = [spearman(a.means.to_numpy(), b.means.to_numpy()) for a, b in pairs]
    seeds = np.reshape(within, (3, 2)).mean(axis=1)
    half = t.ppf(0.975, 2) * seeds.std(ddof=1) / 3**0.5
    assert (row["low"], row["high"]) == pytest.approx((max(seeds.mean() - half, -1), min(seeds.mean() + half, 1)))


def test_a_proxy_that_tells_good_models_from_bad_is_seen_over_models():
    source = np.random.default_rng(1)
    level = np.linspace(0, 5, 8)
    tables = [table(level[u] + 0.1 * source.normal(size=(12, 3)), "p", (u, 0)) for u in range(8)]
    truth = [table(level[u] + 0.1 * source.normal(size=(12, 3)), "t", (u, 0)) for u in range(8)]
    row = proxies.proxies(tables, {"r": truth}, {"p"}).iloc[0]
    assert row["over_models"] > 0.9 and row["spearman"] < 0.9


def test_tables_hold_ranked_methods_of_models_past_the_gate_with_higher_better(tmp_path):
    study = Results.load(synthetic.study(tmp_path / "s", 2, 1, 6, networks=list(synthetic.NETWORKS)))
    assert proxies.candidates(study) == set(synthetic.METRICS) - {"calibrated_ap", "region_ap"}
    parts = {(s, n): scores for s, n, scores in study.partitions()}
    assert not list(models.tables(study, parts["focal", "linear"]))  # below the gate
    scores = parts["focal", "gap_cnn"]
    found = list(models.tables(study, scores))
    ranked = set(study.methods["method"][study.methods["role"] == "method"]) - {"broken"}
    assert all(set(x.values.columns) == ranked for x in found)
    assert {x.metric for x in found} == set(synthetic.METRICS) - {"retraining_stability"}
    mine = scores[(scores["metric"] == "infidelity") & (scores["method"] == "gradient")]
    one = next(x for x in found if x.metric == "infidelity" and x.data_seed == 0)
    assert one.values["gradient"].to_numpy() == pytest.approx(-mine[mine["data_seed"] == 0]["value"].to_numpy())
    chosen = list(models.ranking(study, scores, Ranking("a", "calibrated_ap", "counterfactual", "abs", ("TP",))))
    assert [len(x.values) for x in chosen] == [3, 3]


def test_a_metric_of_one_value_a_model_is_judged_like_any_other(tmp_path):
    folder = synthetic.study(tmp_path / "study", data_seeds=3, model_seeds=2, subjects=4)
    metrics = pd.read_csv(folder / "metrics.csv", keep_default_na=False)
    more = {**metrics[metrics["metric"] == "max_sensitivity"].iloc[0], "metric": "scan_rescan", "kind": "explainer"}
    pd.concat([metrics, pd.DataFrame([more])]).to_csv(folder / "metrics.csv", index=False)
    for part in sorted(folder.glob("scores/simulator=*/network=*")):
        rows = pd.concat([pd.read_parquet(file, partitioning=None) for file in sorted(part.glob("*.parquet"))])
        own = rows[(rows["metric"] == "max_sensitivity") & (rows["subject"] == 0)]
        own.assign(metric="scan_rescan", subject=-1, stratum="").to_parquet(part / "whole.parquet", index=False)
    tables = metric_tables.write(Results.load(folder))
    found = tables["proxies"].set_index(["simulator", "network", "ranking", "proxy"])
    row = found.loc["mtl_atrophy", "gap_cnn", "anatomy", "scan_rescan"]
    assert np.isfinite(row["spearman"]) and np.isfinite(row["low"]) and row["n_units"] == 6
    assert "scan_rescan" not in set(tables["reliability"]["metric"])


def test_the_number_of_methods_is_that_of_the_model_that_has_most():
    tables, criteria = world()
    tables[0].values.pop("method0")
    lost = [Table(*t.unit, t.metric, "", t.values) for t in tables]
    assert proxies.proxies(lost, criteria, {"good"})["n_methods"].tolist() == [6]
