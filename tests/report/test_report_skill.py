"""Skill against a slow twin; bootstrap ranks on tables whose order is known."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

from bench.report.rankings.standing import Draws, friedman, replicate_ranks, skill
from bench.report.statistics.skill import Ladder


def ladder(rng, methods=3, seeds=(0, 0, 1, 1, 2), subjects=6):
    values = 0.3 + rng.random((methods, len(seeds), subjects))
    values[0, 1, 2] = values[1, :, 4] = np.nan
    random, oracle = 0.1 * rng.random((len(seeds), subjects)), 1 + rng.random((len(seeds), subjects))
    random[3] = oracle[3] - 0.05
    return Ladder(values, random, oracle, np.array(seeds), np.arange(subjects))


def slow_skill(x: Ladder, method, seed_counts, subject_counts):
    by_seed = []
    for seed, times in zip(np.unique(x.data_seeds), seed_counts, strict=True):
        of_models = []
        for u in np.flatnonzero(x.data_seeds == seed):
            drawn = [i for i, n in enumerate(subject_counts) for _ in range(int(n))]
            three = [(x.values[method, u, i], x.random[u, i], x.oracle[u, i]) for i in drawn]
            three = [t for t in three if not np.isnan(t).any()]
            score, low, high = (sum(t[k] for t in three) / len(three) for k in range(3))
            if high - low >= 0.1:
                of_models.append((score - low) / (high - low))
        if of_models:
            by_seed += [sum(of_models) / len(of_models)] * int(times)
    return sum(by_seed) / len(by_seed)


def test_skill_is_a_ratio_of_means_within_models():
    rng = np.random.default_rng(0)
    x = ladder(rng)
    seeds, subjects = np.array([[1.0, 1, 1], [2, 0, 1]]), np.array([[1.0] * 6, [0, 3, 1, 1, 0, 1]])
    slow = [[slow_skill(x, m, d, i) for m in range(3)] for d, i in zip(seeds, subjects, strict=True)]
    np.testing.assert_allclose(x.skill(seeds, subjects), slow)
    np.testing.assert_array_equal(x.models_behind(), 4)


def test_random_has_no_skill_and_the_oracle_all():
    x = ladder(np.random.default_rng(1))
    ends = Ladder(np.stack([x.random, x.oracle]), x.random, x.oracle, x.data_seeds, x.subjects)
    np.testing.assert_allclose(skill([ends, ends], None), [[0, 1]], atol=1e-12)


def test_without_room_between_random_and_oracle_skill_is_undefined():
    x = ladder(np.random.default_rng(2))
    flat = Ladder(x.values, x.random, x.random + 0.09, x.data_seeds, x.subjects)
    assert np.isnan(skill([flat], None)).all()
    np.testing.assert_array_equal(skill([flat, x], None), skill([x], None))
    assert (flat.models_behind() == 0).all()


def contest(values, sign=1):
    """What ranks ask of a contest."""
    seeds, subjects = np.arange(values.shape[1]), np.arange(values.shape[2])
    every = list(range(len(values)))
    return SimpleNamespace(
        sign=sign, values=values, data_seeds=seeds, subjects=subjects, statuses=list, entitled=lambda _: every
    )


def test_bootstrap_ranks_tell_what_is_firm():
    rng = np.random.default_rng(3)
    shared = rng.normal(size=(1, 10, 1)) + rng.normal(size=(1, 1, 20))
    values = shared + np.array([3.0, 1.0, 1.0, 0.95, -2.0])[:, None, None] + 0.3 * rng.normal(size=(5, 10, 20))
    values[2] = values[1]
    for sign, first, last in ((1, 0, 4), (-1, 4, 0)):
        board = contest(values, sign)
        found = replicate_ranks(board, list(range(5)), Draws.of(board.data_seeds, board.subjects, 400))
        assert (found[:, first] == 1).all() and (found[:, last] == 5).all()
        assert (found[:, 1] == found[:, 2]).all()
        assert {2.0, 3.0, 4.0} >= set(found[:, 3])
    assert len(set(found[:, 3])) > 1


def test_a_replicate_draws_each_seed_and_subject_once_for_all():
    draws = Draws.of(np.array([3, 5, 8]), np.arange(4), 50)
    assert (draws.of_seed.sum(1) == 3).all() and (draws.of_subject.sum(1) == 4).all()
    np.testing.assert_array_equal(draws.seeds(np.array([8, 3])), draws.of_seed[:, [2, 0]])


@pytest.mark.parametrize("tied", [False, True])
def test_friedman_is_that_of_scipy(tied):
    values = np.random.default_rng(4).normal(size=(5, 7, 3))
    values[3] = values[2] if tied else values[3]
    found = friedman(contest(values))
    means = values.mean(2)
    assert found["friedman"] == pytest.approx(stats.friedmanchisquare(*means).statistic)
    assert found["concordance"] == pytest.approx(found["friedman"] / (7 * 4))
    assert np.isnan(friedman(contest(values[:1]))["friedman"])
