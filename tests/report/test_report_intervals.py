import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats
from synthetic import study

from bench.report.load.results import Results
from bench.report.rankings import tables
from bench.report.rankings.blocks import Blocks
from bench.report.rankings.means import estimated_means as estimated
from bench.report.statistics.intervals import balanced, filled, mean_estimate, of_models

# spreads of (data seed, subject, residual)
SPREADS = [(0.0, 1.0, 1.0), (0.2, 1.0, 1.0), (1.0, 1.0, 1.0), (1.0, 0.0, 1.0), (0.2, 1.0, 0.3)]


def crossed(rng, repeats, seeds, subjects, spreads):
    of_seed, of_subject, rest = spreads
    return (
        of_seed * rng.normal(size=(repeats, seeds, 1))
        + of_subject * rng.normal(size=(repeats, 1, subjects))
        + rest * rng.normal(size=(repeats, seeds, subjects))
    )


@pytest.mark.parametrize("seeds", [3, 5, 10])
@pytest.mark.parametrize("spreads", SPREADS)
def test_interval_covers_the_truth(seeds, spreads):
    low, high = balanced(crossed(np.random.default_rng(1), 4000, seeds, 24, spreads)).interval()
    assert 0.93 <= np.mean((low <= 0) & (high >= 0)) <= 0.97


def test_interval_covers_with_missing_cells():
    rng = np.random.default_rng(2)
    x = crossed(rng, 1000, 5, 24, (0.2, 1.0, 1.0))
    x[:, rng.random((5, 24)) < 0.1] = np.nan
    low, high = mean_estimate(x).interval()
    assert 0.92 <= np.mean((low <= 0) & (high >= 0)) <= 0.975


def test_resampling_subjects_alone_would_not_cover():
    x = crossed(np.random.default_rng(3), 1000, 3, 24, (1.0, 1.0, 1.0)).mean(1)
    half = stats.t.ppf(0.975, 23) * x.std(-1, ddof=1) / np.sqrt(24)
    assert np.mean(np.abs(x.mean(-1)) < half) < 0.6


def slow_interval(x):
    """The formula of the module, one cell at a time."""
    seeds, subjects = len(x), len(x[0])
    mean = sum(sum(row) for row in x) / (seeds * subjects)
    rows = [sum(row) / subjects for row in x]
    columns = [sum(x[d][i] for d in range(seeds)) / seeds for i in range(subjects)]
    ms_rows = subjects * sum((r - mean) ** 2 for r in rows) / (seeds - 1)
    ms_columns = seeds * sum((c - mean) ** 2 for c in columns) / (subjects - 1)
    rest = sum((x[d][i] - rows[d] - columns[i] + mean) ** 2 for d in range(seeds) for i in range(subjects))
    ms_rest = rest / ((seeds - 1) * (subjects - 1))
    a, b = ms_rows / (seeds * subjects), max(0.0, ms_columns - ms_rest) / (seeds * subjects)
    most_a, most_b = (part * df / stats.chi2.ppf(0.3, df) for part, df in ((a, seeds - 1), (b, subjects - 1)))
    freedom = (most_a + most_b) ** 2 / (most_a**2 / (seeds - 1) + most_b**2 / (subjects - 1))
    error, reach = (a + b) ** 0.5, stats.t.ppf(0.975, freedom)
    third = subjects / ((subjects - 1) * (subjects - 2)) * sum((c - mean) ** 3 for c in columns) / subjects**2
    skew = third / error**3

    def turned(t):
        return t + skew * t**2 / 3 + skew**2 * t**3 / 27 + skew / 6

    least, most = (optimize.brentq(lambda t, to=to: turned(t) - to, -1e4, 1e4) for to in (-reach, reach))
    return mean, mean - error * max(reach, most), mean + error * max(reach, -least)


@pytest.mark.parametrize("spreads", SPREADS)
def test_closed_form_equals_the_slow_twin(spreads):
    x = crossed(np.random.default_rng(4), 5, 4, 7, spreads)
    value = mean_estimate(x)
    low, high = value.interval()
    np.testing.assert_allclose(np.stack([value.mean, low, high], 1), [slow_interval(one.tolist()) for one in x])


def test_missing_cells_of_an_additive_table_are_restored():
    rng = np.random.default_rng(5)
    whole = rng.normal(size=(3, 4, 1)) + rng.normal(size=(3, 1, 6))
    holed = whole.copy()
    holed[:, 1, 2] = holed[0, 3, 5] = np.nan
    np.testing.assert_allclose(filled(holed), whole)


def test_seeds_and_subjects_without_values_are_left_out():
    x = crossed(np.random.default_rng(6), 2, 4, 6, (1, 1, 1))
    padded = np.full((2, 5, 8), np.nan)
    padded[:, 1:, 2:] = x
    np.testing.assert_allclose(mean_estimate(padded).interval(), mean_estimate(x).interval())
    assert np.isnan(filled(padded)[:, 0]).all()


def test_one_data_seed_or_one_subject_says_nothing():
    for shape in ((1, 1, 9), (1, 9, 1)):
        value = mean_estimate(np.random.default_rng(7).normal(size=shape))
        assert np.isfinite(value.mean).all()
        assert np.isnan(value.interval()).all()
    assert np.isnan(mean_estimate(np.full((1, 3, 3), np.nan)).mean).all()


def test_values_of_whole_models_have_the_t_interval_over_data_seeds():
    x = np.random.default_rng(3).normal(size=(4, 7))
    x[1, 2], x[2], x[3, 1:] = np.nan, np.nan, np.nan
    value = of_models(x)
    low, high = value.interval()
    for g, held in enumerate((x[0], x[1][~np.isnan(x[1])])):
        wanted = stats.t.interval(0.95, len(held) - 1, held.mean(), stats.sem(held))
        np.testing.assert_allclose([low[g], high[g]], wanted)
    assert np.isnan(low[2:]).all() and np.isnan(value.mean[2]) and value.mean[3] == x[3, 0]


def test_a_constant_has_an_interval_of_zero_width():
    low, high = mean_estimate(np.ones((1, 3, 5))).interval()
    assert low[0] == high[0] == 1


def test_pairing_removes_what_two_methods_share():
    rng = np.random.default_rng(8)
    shared = crossed(rng, 1, 5, 24, (1.0, 1.0, 0.5))
    a, b = shared + 0.2 + 0.05 * rng.normal(size=shared.shape), shared + 0.05 * rng.normal(size=shared.shape)
    assert mean_estimate(a).interval()[0] < mean_estimate(b).interval()[1]
    assert mean_estimate(a - b).interval()[0] > 0.1


def test_the_statistic_is_beyond_its_quantile_where_the_interval_leaves_zero_out():
    rng = np.random.default_rng(9)
    x = np.exp(rng.normal(size=(2000, 1, 9))) - 1.0 + 0.2 * rng.normal(size=(2000, 4, 9))
    for value in (balanced(x), balanced(-x)):
        low, high = value.interval()
        np.testing.assert_array_equal(low > 0, value.p_above() < 0.025)
        edge = stats.norm.isf(0.025)
        np.testing.assert_array_equal((low > 0) | (high < 0), np.abs(value.normal_score()) > edge)
    assert 0.01 < np.mean(high < 0) < 0.99


def test_what_never_varies_is_certain_and_nothing_is_even():
    x = np.stack([np.zeros((3, 4)), np.ones((3, 4)), -np.ones((3, 4))])
    np.testing.assert_array_equal(balanced(x).p_above(), [0.5, 0, 1])
    np.testing.assert_array_equal(balanced(x).normal_score(), [0, np.inf, -np.inf])


def test_tables_of_subjects_and_of_whole_models_have_each_their_own_interval():
    """A group with values of subjects, one with a value of each model alone, one with both, and one with none."""
    subjects, rng = np.array([-1, 4, 7, 9]), np.random.default_rng(5)
    tables = rng.normal(size=(4, 6, 4))
    tables[0, :, 0], tables[1, :, 1:], tables[3] = np.nan, np.nan, np.nan
    estimate = estimated(tables, subjects)
    found = np.stack([estimate.mean, *estimate.interval()])
    for row in (0, 2):
        one = mean_estimate(tables[[row]])
        np.testing.assert_allclose(found[:, row], np.stack([one.mean, *one.interval()])[:, 0])
    models = of_models(tables[[1], :, 0])
    np.testing.assert_allclose(found[:, 1], np.stack([models.mean, *models.interval()])[:, 0])
    assert np.isfinite(found[:, :3]).all() and np.isnan(found[:, 3]).all()


def test_intervals_in_tables_end_where_the_values_of_a_metric_do(tmp_path):
    folder = study(tmp_path / "study", data_seeds=2, subjects=6)
    for file in folder.glob("scores/*/*/*.parquet"):
        rows = pd.read_parquet(file, partitioning=None)
        rows.loc[rows["metric"] == "calibrated_ap", "value"] = 1.0 - 0.5 * (rows["data_seed"] == 0)
        rows.to_parquet(file, index=False)
    results = Results.load(folder)
    table = tables.aggregate(results, Blocks.read(results))
    for name in ("leaderboard", "cells"):
        rows = table[name][table[name]["metric"] == "calibrated_ap"].dropna(subset="high")
        assert len(rows) and (rows["high"] == 1).all() and (rows["low"] < 0).all(), name
