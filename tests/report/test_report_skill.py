"""Skill against a slow twin, and the coverage of its intervals; agreement of data seeds."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

from bench.report.rankings.standing import friedman
from bench.report.statistics.simulators import combined
from bench.report.statistics.skill import Ladder


def ladder(rng, methods=3, seeds=(0, 0, 1, 1, 2), subjects=6):
    values = 0.3 + rng.random((methods, len(seeds), subjects))
    values[0, 1, 2] = values[1, :, 4] = np.nan
    random, oracle = 0.1 * rng.random((len(seeds), subjects)), 1 + rng.random((len(seeds), subjects))
    random[3] = oracle[3] - 0.05
    return Ladder(values, random, oracle, np.array(seeds))


def slow_skill(x: Ladder, method):
    by_seed = []
    for seed in np.unique(x.data_seeds):
        of_models = []
        for u in np.flatnonzero(x.data_seeds == seed):
            three = [(x.values[method, u, i], x.random[u, i], x.oracle[u, i]) for i in range(x.random.shape[1])]
            three = [t for t in three if not np.isnan(t).any()]
            score, low, high = (sum(t[k] for t in three) / len(three) for k in range(3))
            if high - low >= 0.1:
                of_models.append((score - low) / (high - low))
        if of_models:
            by_seed.append(sum(of_models) / len(of_models))
    return sum(by_seed) / len(by_seed)


def test_skill_is_a_ratio_of_means_within_models():
    x = ladder(np.random.default_rng(0))
    np.testing.assert_allclose(x.estimate().mean, [slow_skill(x, m) for m in range(3)])
    np.testing.assert_array_equal(x.models_behind(), 4)


def test_random_has_no_skill_and_the_oracle_all():
    x = ladder(np.random.default_rng(1))
    ends = Ladder(np.stack([x.random, x.oracle]), x.random, x.oracle, x.data_seeds)
    found = combined([ends.estimate(), ends.estimate()])
    np.testing.assert_allclose(found.mean, [0, 1], atol=1e-12)
    np.testing.assert_allclose(found.interval(), [[0, 1], [0, 1]], atol=1e-12)


def test_without_room_between_random_and_oracle_skill_is_undefined():
    x = ladder(np.random.default_rng(2))
    flat = Ladder(x.values, x.random, x.random + 0.09, x.data_seeds)
    assert np.isnan(flat.estimate().mean).all()
    np.testing.assert_array_equal(combined([flat.estimate(), x.estimate()]).mean, x.estimate().mean)
    assert (flat.models_behind() == 0).all()


def test_the_contributions_spread_as_the_ratio_does_when_a_subject_is_left_out():
    """Their slope is that of the skill in each subject's weight, here by leaving one out of many."""
    rng = np.random.default_rng(3)
    x = Ladder(rng.random((1, 1, 400)), 0.1 * rng.random((1, 400)), 1 + rng.random((1, 400)), np.zeros(1))
    whole = x.of_models()[0, 0]
    cut = [np.delete(part, 7, axis=-1) for part in (x.values, x.random, x.oracle)]
    without = Ladder(*cut, x.data_seeds).of_models()[0, 0]
    assert 399 * (whole - without) == pytest.approx(x._contributions()[0, 0, 7] - whole, rel=0.01)


@pytest.mark.parametrize("seeds", [5, 10])
def test_intervals_of_skill_cover(seeds):
    """Two models a data seed, whose oracles and methods differ from seed to seed and subject to subject."""
    rng, held = np.random.default_rng(4), []
    shape, repeats = (seeds, 2, 24), 300

    def effects(spread):
        return spread * (rng.normal(size=(seeds, 1, 1)) + rng.normal(size=(1, 1, 24)) + 0.5 * rng.normal(size=shape))

    for _ in range(repeats):
        oracle, score = 0.8 + effects(0.1), 0.4 + effects(0.08)
        flat = [part.reshape(2 * seeds, 24) for part in (0 * score, oracle)]
        x = Ladder(score.reshape(1, 2 * seeds, 24), *flat, np.repeat(np.arange(seeds), 2))
        low, high = x.estimate().interval()
        held.append(low[0] <= 0.5 <= high[0])
    assert 0.915 <= np.mean(held) <= 0.985


def contest(tables, sign=1):
    """What Friedman's statistic asks of a contest."""
    every = list(range(len(tables[0])))
    return SimpleNamespace(better=[sign * t for t in tables], statuses=list, entitled=lambda _: every)


@pytest.mark.parametrize("tied", [False, True])
def test_friedman_is_that_of_scipy(tied):
    values = np.random.default_rng(4).normal(size=(5, 7, 3))
    values[3] = values[2] if tied else values[3]
    found = friedman(contest([values]))
    means = values.mean(2)
    assert found["friedman"] == pytest.approx(stats.friedmanchisquare(*means).statistic)
    assert found["concordance"] == pytest.approx(found["friedman"] / (7 * 4))
    assert friedman(contest([values[:, :3], values[:, 3:, :2]]))["n_data_seeds"] == 7
    assert np.isnan(friedman(contest([values[:1]]))["friedman"])
