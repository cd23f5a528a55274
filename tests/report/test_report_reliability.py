"""Reliability of metrics: a published example, plain twins, and tables whose agreement is known."""

import re
from itertools import combinations, permutations

import numpy as np
import pandas as pd
import pytest
import synthetic
import undrawn
from scipy.stats import spearmanr

from bench.report.metrics.models import Table
from bench.report.metrics.reliability import consistency, reliability
from bench.report.statistics.agreement import krippendorff, without_each
from bench.report.statistics.correlation import ranks, spearman, split_half

#: four observers, twelve units: Krippendorff 2011, whose interval alpha is given as .849
NAN = np.nan
PUBLISHED = np.array([
    [1, 2, 3, 3, 2, 1, 4, 1, 2, NAN, NAN, NAN],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NAN, 3],
    [NAN, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NAN],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NAN],
])  # fmt: skip


def table(values, metric="m", unit=(0, 0), truth=""):
    frame = pd.DataFrame(values, columns=[f"method{k}" for k in range(np.shape(values)[1])])
    return Table(*unit, metric, truth, frame)


def plain(values):
    """Alpha from its definition: every ordered pair of ratings of an item, and of any two ratings."""
    columns = [[v for v in column if np.isfinite(v)] for column in values.T]
    columns = [column for column in columns if len(column) > 1]
    every = [v for column in columns for v in column]
    observed = sum(sum((a - b) ** 2 for a, b in permutations(c, 2)) / (len(c) - 1) for c in columns) / len(every)
    expected = sum((a - b) ** 2 for a, b in permutations(every, 2)) / (len(every) * (len(every) - 1))
    return 1 - observed / expected


def test_the_published_example():
    assert krippendorff(PUBLISHED) == pytest.approx(0.849, abs=5e-4)


def test_a_plain_sum_over_pairs_agrees_with_and_without_gaps():
    values = np.random.default_rng(0).normal(size=(6, 5))
    assert krippendorff(values) == pytest.approx(plain(values))
    values[np.random.default_rng(1).random(values.shape) < 0.3] = np.nan
    assert krippendorff(values) == pytest.approx(plain(values))
    assert krippendorff(np.stack([values, values[::-1]])) == pytest.approx([plain(values)] * 2)


def test_alpha_has_its_limits():
    rows = np.tile(np.arange(5.0), (8, 1))
    assert krippendorff(rows) == pytest.approx(1)
    noise = np.random.default_rng(2).normal(size=(400, 6))
    assert abs(krippendorff(ranks(noise))) < 0.02
    assert np.isnan(krippendorff(np.ones((3, 4)))) and np.isnan(krippendorff(np.full((3, 4), np.nan)))


def test_leaving_out_each_image_is_what_it_says():
    placed = ranks(np.random.default_rng(7).normal(size=(9, 5)).round(1))
    alphas = [plain(np.delete(placed, i, axis=0)) for i in range(9)]
    assert without_each(placed) == pytest.approx(alphas)
    assert np.isnan(without_each(np.full((4, 3), 2.0))).all()


def test_ranks_and_correlations_agree_with_scipy():
    values = np.random.default_rng(3).integers(0, 4, size=(5, 9)).astype(float)
    plainly = [[(row < v).sum() + ((row == v).sum() + 1) / 2 for v in row] for row in values]
    assert ranks(values) == pytest.approx(np.array(plainly))
    assert spearman(values[0], values[1]) == pytest.approx(spearmanr(values[0], values[1]).statistic)
    assert np.isnan(spearman(np.ones(5), values[0, :5])) and np.isnan(spearman(values[0, :2], values[1, :2]))


def test_a_metric_that_orders_methods_alike_in_every_image_is_reliable_and_noise_is_not():
    source = np.random.default_rng(4)
    quality, hard = np.arange(6.0), source.normal(size=(20, 1))
    good = [table(quality + 5 * hard + 0.1 * source.normal(size=(20, 6)), "good", (d, 0)) for d in range(3)]
    noise = [table(source.normal(size=(20, 6)), "noise", (d, 0)) for d in range(3)]
    rows = reliability([*good, *noise]).set_index("metric")
    assert rows.loc["good", "alpha"] > 0.95 and rows.loc["good", "low"] > 0.9
    assert rows.loc["good", "inter_method"] > 0.95  # hard images are hard for every method
    assert rows.loc["good", "split_half"] > 0.95
    assert rows.loc["noise", "low"] < 0 < rows.loc["noise", "high"] < 0.3
    assert rows["n_units"].tolist() == [3, 3] and rows["n_methods"].tolist() == [6, 6]
    assert reliability([table(good[0].values[["method0", "method1"]].to_numpy())])["alpha"].notna().all()


def test_the_interval_of_alpha_holds_its_truth():
    """Images that agree by a known amount: the interval holds the alpha of very many images nearly always."""
    source, quality = np.random.default_rng(6), np.arange(6.0)
    draw = lambda n: quality + 3 * source.normal(size=(n, 6))  # noqa: E731
    true = krippendorff(ranks(draw(3000)))
    rows = [reliability([table(draw(16))]).iloc[0] for _ in range(200)]
    held = np.mean([row["low"] <= true <= row["high"] for row in rows])
    assert 0.9 <= held <= 0.99
    assert np.mean([row["alpha"] for row in rows]) == pytest.approx(true, abs=0.02)


def test_methods_without_any_value_and_images_without_all_are_left_out():
    values = np.arange(20.0).reshape(5, 4)
    values[:, 3], values[2, 0] = np.nan, np.nan
    row = reliability([table(values)]).iloc[0]
    assert (row["n_methods"], row["n_subjects"]) == (3, 4)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (np.arange(4.0)[None], "needs two subjects .* there is one: set explain.subjects higher"),
        (np.arange(4.0)[:, None], "needs two methods .* there is one: name more"),
        (np.ones((4, 3)), "every subject ties all methods"),
        (np.where(np.eye(3) > 0, NAN, 1.0), "no subject has a score of every method"),
    ],
)
def test_one_sentence_says_why_there_is_no_alpha(values, said):
    row = reliability([table(values)]).iloc[0]
    assert np.isnan(row["alpha"]) and re.search(said, row["reason"])
    assert reliability([table(np.arange(8.0).reshape(2, 4))]).iloc[0]["reason"] == ""


def test_a_study_of_one_subject_says_so_and_metrics_of_whole_models_are_not_asked(tmp_path):
    folder = synthetic.study(tmp_path / "one", subjects=1)
    page = undrawn.page(folder)
    rows = pd.read_csv(folder / "reliability.csv", keep_default_na=False)
    assert len(rows) and rows["reason"].str.contains("needs two subjects").all() and (rows["alpha"] == "").all()
    assert "alpha needs two subjects" in page
    whole = Table(0, 0, "whole", "", pd.DataFrame([[1.0, 2.0]], index=[-1]))
    assert not whole.by_subject and table(np.ones((1, 2))).by_subject


def test_split_halves_step_up_and_need_four_subjects():
    means = np.array([[1.0, 2, 3, 4], [2, 1, 3, 4], [2, 1, 3, 4], [1, 2, 3, 4]])
    r = spearmanr([1, 2, 3, 4], [2, 1, 3, 4]).statistic
    assert split_half(means) == pytest.approx(2 * r / (1 + r))
    assert np.isnan(split_half(means[:3]))


def test_metrics_that_agree_in_every_image_are_consistent():
    source = np.random.default_rng(5)
    values = source.normal(size=(15, 4))
    tables = [table(values, "a"), table(np.exp(values), "b"), table(-values, "c")]
    found = consistency(tables).set_index(["metric", "other"])["spearman"]
    assert found["a", "b"] == pytest.approx(1) and found["a", "c"] == pytest.approx(-1)


def test_consistency_with_gaps_is_that_of_each_pair_by_itself():
    """Metrics that lack methods, images or single values, beside the definition written out."""
    source = np.random.default_rng(8)
    values = {name: source.normal(size=(12, 5)).round(1) for name in "abcd"}
    values["b"][:, 4], values["c"][3], values["d"][2, 1], values["d"][:, 0] = NAN, NAN, NAN, 1.0
    tables = [table(v, name, (seed, 0)) for name, v in values.items() for seed in range(2)]
    found = consistency(tables).set_index(["metric", "other"])
    for one, other in combinations("abcd", 2):
        a, b = values[one], values[other]
        methods = np.isfinite(a + b).any(axis=0)
        images = np.isfinite(a + b)[:, methods].all(axis=1)
        pairs = [(a[images, m], b[images, m]) for m in np.flatnonzero(methods)]
        known = [spearmanr(x, y).statistic for x, y in pairs if np.ptp(x) and np.ptp(y)]
        assert found.loc[(one, other), "spearman"] == pytest.approx(np.mean(known)), (one, other)
    assert (found["n_units"] == 2).all()
