"""Adjusted p-values: closed forms, and no more false claims than said on tables without any difference."""

import numpy as np
import pytest

from bench.report.rankings.comparisons import Claim, judged
from bench.report.statistics import multiplicity
from bench.report.statistics.intervals import balanced
from bench.report.statistics.multiplicity import adjusted, claim_correlation

METHODS, CONTROLS = 8, 2
#: spreads of data seed, subject and residual; the share of them that all methods have in common
NULLS = [((1.0, 0.1, 0.3), 0.0), ((0.3, 1.0, 0.5), 0.0), ((0.3, 1.0, 0.5), 0.8), ((0.1, 0.1, 1.0), 0.5)]


def test_independent_statistics_follow_sidak():
    p = np.array([0.01, 0.03, 0.5])
    found, level = adjusted(p, np.eye(3), draws=200_000)
    steps = [1 - 0.99**3, 1 - 0.97**2, 0.5]
    np.testing.assert_allclose(found, steps, atol=3e-3)
    assert level == pytest.approx(1 - 0.95 ** (1 / 3), abs=1e-3)


def test_one_statistic_told_often_is_not_adjusted():
    p = np.array([0.02, 0.02, 0.02, 0.02])
    found, level = adjusted(p, np.ones((4, 4)), draws=200_000)
    np.testing.assert_allclose(found, p, atol=2e-3)
    assert level == pytest.approx(0.05, abs=2e-3)


def test_adjusted_values_keep_the_order_and_are_never_smaller():
    rng = np.random.default_rng(0)
    p, x = rng.random(12) ** 2, rng.normal(size=(12, 6, 9))
    found, _ = adjusted(p, claim_correlation([x], 5))
    assert (found >= p).all()
    assert (np.diff(found[np.argsort(p)]) >= 0).all()


def test_correlation_is_that_of_the_means():
    rng = np.random.default_rng(1)
    truth = np.array([[1, 0.8, 0], [0.8, 1, 0], [0, 0, 1.0]])
    root = np.linalg.cholesky(truth)
    x = np.einsum("kj,jdi->kdi", root, rng.normal(size=(3, 400, 1)) + rng.normal(size=(3, 1, 400)))
    np.testing.assert_allclose(claim_correlation([x], 399), truth, atol=0.1)


def test_few_data_seeds_leave_hardly_any_correlation():
    """Three numbers correlate by chance: unshrunk, six unrelated means have a matrix of rank two."""
    x = np.random.default_rng(2).normal(size=(6, 3, 1)) + np.zeros((6, 3, 8))
    assert np.abs(claim_correlation([x], 2) - np.eye(6)).max() < 0.2
    np.testing.assert_array_equal(claim_correlation([x[:, :1]], 1), np.eye(6))


def null_table(rng, seeds, spreads, shared, subjects=24):
    """Tables (methods and controls, data seeds, subjects) in which nothing is better than anything."""

    def effect(spread, shape):
        own, all_alike = rng.normal(size=(METHODS + CONTROLS, *shape)), rng.normal(size=(1, *shape))
        return spread * (np.sqrt(1 - shared) * own + np.sqrt(shared) * all_alike)

    data, subject, rest = spreads
    return effect(data, (seeds, 1)) + effect(subject, (1, subjects)) + effect(rest, (seeds, subjects))


def false_claims(repeats, seeds, spreads, shared):
    """Shares of tables with a claim, and with a bound that lies above the truth.

    Row 0 is the baseline. The second control is hopeless, so the first alone stands between a method and a claim: the
    null that is claimed most often.
    """
    controls = tuple(range(METHODS, METHODS + CONTROLS))
    claims = [Claim(m, "every control", controls) for m in range(METHODS)]
    claims += [Claim(m, "gradient", (0,)) for m in range(1, METHODS)]
    rng, found = np.random.default_rng(3), []
    for _ in range(repeats):
        values = null_table(rng, seeds, spreads, shared)
        values[-1] -= 100
        table = judged([values], claims, draws=4000)
        found.append([(table["p_adjusted"] <= 0.05).any(), (table["low"] > 0).any()])
    return np.mean(found, axis=0)


@pytest.mark.parametrize("seeds", [5, 10])
def test_false_claims_are_rare(seeds):
    # 5 % and two standard errors of 120 repeats
    assert (false_claims(120, seeds, *NULLS[0]) <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 120)).all()


@pytest.mark.full
@pytest.mark.parametrize(("seeds", "most"), [(3, 0.075), (5, 0.065), (10, 0.065)])
@pytest.mark.parametrize(("spreads", "shared"), NULLS)
def test_false_claims_are_rare_in_many_tables(seeds, most, spreads, shared):
    # 5 % and two standard errors of 1000 repeats, and the 1 % by which degrees of freedom miss in the tail
    assert (false_claims(1000, seeds, spreads, shared) <= most).all()


def test_a_true_difference_is_claimed_and_its_bound_holds():
    rng = np.random.default_rng(4)
    values = null_table(rng, 10, (0.1, 0.3, 0.1), 0.5)
    values[2] += 1.0
    table = judged([values], [Claim(m, "gradient", (0,)) for m in range(1, METHODS)])
    best = table[table["method"] == 2].iloc[0]
    assert best["p_adjusted"] <= 0.05 and 0 < best["low"] < best["lead"]
    assert (table[table["method"] != 2]["p_adjusted"] > 0.05).all()


def test_a_lead_that_is_rounding_claims_nothing():
    base = null_table(np.random.default_rng(5), 5, (0.3, 1.0, 0.5), 0.5)[:1]
    table = judged([np.concatenate([base, base + 1e-12])], [Claim(1, "gradient", (0,))])
    assert table["p"].item() == 0.5 and table["lead"].item() == 0 and table["low"].item() == 0


def test_what_is_claimed_step_by_step_is_above_zero_at_least():
    """The second of two claims is judged alone once the first is made, and its bound is that of a claim."""
    rng = np.random.default_rng(6)
    values = null_table(rng, 10, (0.1, 0.3, 0.1), 0.5)
    values[1] += 2.0
    for lead in np.linspace(0.1, 1, 40):
        table = judged(
            [np.stack([values[0], values[1], values[2] + lead])], [Claim(m, "gradient", (0,)) for m in (1, 2)]
        )
        claimed = table["p_adjusted"] <= 0.05
        assert (table["low"][claimed] >= 0).all() and (table["low"][~claimed] < 0).all()


def test_correlation_over_simulators_is_that_of_the_sum_of_covariances():
    """A pair that goes together in one simulator and against each other in the next has nothing in common."""
    rng = np.random.default_rng(7)
    x = rng.normal(size=(1, 200, 1)) + rng.normal(size=(1, 1, 200)) + np.zeros((2, 200, 200))
    together = claim_correlation([x], 199)[0, 1]
    assert together > 0.95 and abs(claim_correlation([x, x * [[[1]], [[-1]]]], 199)[0, 1]) < 0.05
    gone = np.full((2, 5, 5), np.nan)
    assert claim_correlation([x, gone], 199)[0, 1] == pytest.approx(together)


def test_the_covariance_of_means_has_their_variances_on_its_diagonal(monkeypatch):
    """At small counts of data seeds and subjects, where one less of them is much."""
    monkeypatch.setattr(multiplicity, "_scaled", lambda covariance: covariance)
    monkeypatch.setattr(multiplicity, "_shrunk", lambda related, freedom: related)
    x = np.stack([crossed(np.random.default_rng(4), 1, 4, 5, (1.0, 2.0, 0.5))[0]] * 2) * np.array([[[1.0]], [[3.0]]])
    found = claim_correlation([x], 3)
    np.testing.assert_allclose(np.diag(found), balanced(x).variance)
    np.testing.assert_allclose(found, balanced(x).variance[0] * np.outer([1, 3], [1, 3]))


def crossed(rng, groups, seeds, subjects, spreads):
    """Tables (groups, D, I) of random effects of data seeds and subjects, and a residual."""
    shapes = ((groups, seeds, 1), (groups, 1, subjects), (groups, seeds, subjects))
    return sum(spread * rng.normal(size=shape) for spread, shape in zip(spreads, shapes, strict=True))
