"""Ranks: equal methods are hardly ever told apart, however many; what is shown holds for all at once."""

import numpy as np
import pytest
from scipy import stats

from bench.report.statistics.intervals import balanced
from bench.report.statistics.ranks import CAUTION, clear_leads, confidence_sets

#: spreads of data seed, subject and residual; the share of them that all methods have in common
DESIGNS = [((0.2, 0.2, 0.2), 0.8), ((1.0, 0.1, 0.3), 0.0), ((0.1, 1.0, 0.3), 0.5), ((0.1, 0.1, 1.0), 0.0)]


def study(rng, methods, spreads, shared, seeds=5, subjects=24):
    """Tables (methods, data seeds, subjects) of methods that are equal."""

    def effect(spread, *shape):
        own, alike = rng.normal(size=(methods, *shape)), rng.normal(size=(1, *shape))
        return spread * (np.sqrt(1 - shared) * own + np.sqrt(shared) * alike)

    data, subject, rest = spreads
    return effect(data, seeds, 1) + effect(subject, 1, subjects) + effect(rest, seeds, subjects)


def scores(x):
    """Normal scores of all pairs of tables x."""
    ones, others = np.triu_indices(len(x), 1)
    found = np.zeros((len(x), len(x)))
    found[ones, others] = balanced(x[ones] - x[others]).normal_score(CAUTION)
    return found - found.T


def split(methods, spreads, shared, repeats, seeds=5):
    rng = np.random.default_rng(0)
    found = [clear_leads(scores(study(rng, methods, spreads, shared, seeds))).any() for _ in range(repeats)]
    return np.mean(found)


def slow(leads, draws=200_000):
    """Step-down over all pairs, pair by pair, with other draws."""
    count = len(leads)
    numbers = np.random.default_rng(1).normal(size=(draws, count))
    left = [(j, k) for j in range(count) for k in range(j)]
    better = np.zeros((count, count), bool)
    while left:
        largest = np.max([np.abs(numbers[:, j] - numbers[:, k]) for j, k in left], 0) / np.sqrt(2)
        beyond = [pair for pair in left if abs(leads[pair]) > np.quantile(largest, 0.95)]
        if not beyond:
            break
        for j, k in beyond:
            better[(j, k) if leads[j, k] > 0 else (k, j)] = True
        left = [pair for pair in left if pair not in beyond]
    return better


def test_pairs_are_told_apart_as_the_slow_twin_says():
    rng = np.random.default_rng(2)
    for _ in range(5):
        places = rng.normal(size=6) * 2.5
        leads = places[:, None] - places
        np.testing.assert_array_equal(clear_leads(leads), slow(leads))


def test_two_methods_are_compared_as_one_pair_is():
    edge = stats.norm.isf(0.025)
    for lead, shown in ((edge - 0.05, False), (edge + 0.05, True)):
        assert clear_leads(np.array([[0, lead], [-lead, 0]]))[0, 1] == shown


def test_a_pair_that_the_first_bound_leaves_may_fall_to_the_next():
    """Four methods far apart but for one pair, which is then compared alone."""
    leads = np.array([[0, 9, 9, 9], [-9, 0, 9, 9], [-9, -9, 0, 2.2], [-9, -9, -2.2, 0]])
    assert clear_leads(leads)[2, 3]
    assert not clear_leads(leads[2:, 2:] * 0 + [[0, 1.9], [-1.9, 0]]).any()


def test_sets_of_ranks_hold_as_many_as_are_not_told_apart():
    leads = np.array([[0, 0.1, 9, 9], [-0.1, 0, 9, 9], [-9, -9, 0, 9], [-9, -9, -9, 0.0]])
    low, high = confidence_sets(clear_leads(leads))
    assert low.tolist() == [1, 1, 3, 4] and high.tolist() == [2, 2, 3, 4]


def test_what_is_unknown_tells_nothing():
    low, high = confidence_sets(clear_leads(np.full((3, 3), np.nan)))
    assert low.tolist() == [1, 1, 1] and high.tolist() == [3, 3, 3]
    assert not len(confidence_sets(clear_leads(np.zeros((0, 0))))[0])


@pytest.mark.parametrize("methods", [3, 25])
def test_equal_methods_are_split_in_at_most_one_study_of_twenty(methods):
    # 5 % and two standard errors of 100 repeats
    assert split(methods, *DESIGNS[0], 100) <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 100)


@pytest.mark.full
@pytest.mark.parametrize("methods", [3, 6, 12, 25, 40])
@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("seeds", [5, 10])
def test_equal_methods_are_split_in_at_most_one_study_of_twenty_of_any_kind(methods, design, seeds):
    assert split(methods, *design, 400, seeds) <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 400)
