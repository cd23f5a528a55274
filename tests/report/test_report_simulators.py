"""Means over simulators: each simulator's own estimate counts once, whatever numbers its subjects and seeds have."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from bench.report.rankings.block import Block
from bench.report.rankings.means import table
from bench.report.statistics.intervals import balanced, mean_estimate, of_models
from bench.report.statistics.simulators import combined, equal_weight_mean, leads

GROUP = pd.DataFrame({"method": ["m"], "metric": ["x"], "truth": ["t"], "view": ["abs"]})


def block(name, values, seeds, subjects):
    counts = np.ones(values.shape, int)
    return Block(name, "n", True, GROUP, values, counts, np.array([len(seeds)]), np.array(seeds), np.array(subjects))


@pytest.mark.parametrize("subjects", [((0, 1, 2, 3), (0, 1, 2, 3)), ((0, 1, 2), (2, 3, 4, 5)), ((0, 2), (1, 3, 5))])
@pytest.mark.parametrize("seeds", [((0, 1, 2), (0, 1, 2)), ((0, 1), (2, 3, 4, 5))])
def test_rows_of_all_are_the_mean_of_the_rows_of_each(seeds, subjects):
    groups = {"fixed atrophy": ["a", "b"], "moving lesions": ["c"]}
    metrics = pd.DataFrame({"metric": [], "low": [], "high": []})
    results = SimpleNamespace(simulators=["a", "b"], groups=groups, headlines=[], metrics=metrics)
    rng = np.random.default_rng(0)
    values = [rng.normal(size=(1, len(d), len(i))) for d, i in zip(seeds, subjects, strict=True)]
    blocks = [block(name, v, d, i) for name, v, d, i in zip("ab", values, seeds, subjects, strict=True)]
    rows = table(results, blocks).set_index("simulator")
    assert list(rows.index) == ["all", "fixed atrophy", "a", "b"]
    for scope in ("all", "fixed atrophy"):
        assert rows.loc[scope, "mean"] == pytest.approx(rows.loc[["a", "b"], "mean"].mean())
        assert rows.loc[scope, "n_subjects"] == sum(map(len, subjects))
        assert rows.loc[scope, "n_data_seeds"] == min(map(len, seeds))
    variance = sum(mean_estimate(v).variance[0] for v in values) / 4
    assert equal_weight_mean(values).variance[0] == pytest.approx(variance)


def test_a_simulator_without_a_value_is_left_out_of_that_row():
    rng = np.random.default_rng(1)
    one, other = rng.normal(size=(2, 2, 4, 6))
    other[1] = np.nan
    found, alone = equal_weight_mean([one, other]), equal_weight_mean([one])
    assert found.mean[1] == alone.mean[1] and found.variance[1] == alone.variance[1]
    np.testing.assert_allclose([end[1] for end in found.interval()], [end[1] for end in alone.interval()])
    assert np.isnan(equal_weight_mean([other]).mean[1])


@pytest.mark.parametrize("spreads", [(0.3, 1.0, 0.5), (1.0, 0.2, 0.3)])
def test_intervals_over_simulators_cover(spreads):
    rng, (data, subject, rest) = np.random.default_rng(2), spreads

    def tables(seeds, subjects, scale):
        shape = (3000, seeds, subjects)
        of_seed, of_subject = rng.normal(size=(3000, seeds, 1)), rng.normal(size=(3000, 1, subjects))
        return scale * (data * of_seed + subject * of_subject + rest * rng.normal(size=shape))

    found = combined([balanced(tables(*size)) for size in ((5, 12, 1.0), (3, 24, 0.5), (8, 8, 2.0))])
    low, high = found.interval()
    assert 0.93 <= np.mean((low <= 0) & (high >= 0)) <= 0.97


def test_values_of_whole_models_are_averaged_with_their_own_freedom():
    rng = np.random.default_rng(3)
    one, other = of_models(rng.normal(size=(1, 5))), of_models(rng.normal(size=(1, 3)))
    found = combined([one, other])
    assert found.freedom.tolist() == [[4, 2]] and found.mean == (one.mean + other.mean) / 2


def test_leads_below_rounding_are_none():
    scores = np.array([1.0, 1.0 + 1e-12, 1.1])[:, None, None] + np.zeros((3, 2, 2))
    first, second = leads([scores, 1e-6 * scores], [1, 2], [0, 0])
    assert (first[0] == 0).all() and (second[0] == 0).all()
    assert first[1, 0, 0] == pytest.approx(0.1) and second[1, 0, 0] == pytest.approx(1e-7)
