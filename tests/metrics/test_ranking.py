"""AP and ROC AUC against scikit-learn, and against every order of tied items."""

from itertools import pairwise, permutations

import numpy as np
import pytest
from scipy.stats import rankdata
from sklearn.metrics import average_precision_score, roc_auc_score

from metrics._shared.ranking import average_precision, chance_average_precision, roc_auc, tie_groups
from metrics._shared.similarity import mean_ranks

SCORES = [(1, 1, 1, 1, 1, 1, 1), (2, 2, 1, 1, 1, 0, 0), (3, 3, 3, 2, 1, 1, 1), (1, 0, 0, 0, 0, 0, 0)]
POSITIVES = [(1, 0, 1, 0, 0, 1, 0), (0, 0, 1, 0, 0, 0, 0), (1, 1, 1, 0, 1, 1, 1)]


def plain_ap(labels):
    """AP of labels in a strict order, straight from its definition."""
    found = [sum(labels[: i + 1]) / (i + 1) for i, label in enumerate(labels) if label]
    return sum(found) / len(found)


def over_orders(scores, positives, value):
    """Mean value over all orders that respect the scores."""
    orders = [o for o in permutations(range(len(scores))) if all(scores[a] >= scores[b] for a, b in pairwise(o))]
    return np.mean([value([bool(positives[i]) for i in order]) for order in orders])


@pytest.mark.parametrize("seed", range(5))
def test_untied_scores_agree_with_scikit_learn(seed):
    rng = np.random.default_rng(seed)
    scores, positives = rng.permutation(500).astype(np.float32), rng.random(500) < 0.1
    groups = tie_groups(scores, positives)
    assert average_precision(groups) == pytest.approx(average_precision_score(positives, scores), abs=1e-12)
    assert roc_auc(groups) == pytest.approx(roc_auc_score(positives, scores), abs=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_auc_with_ties_agrees_with_scikit_learn(seed):
    rng = np.random.default_rng(seed)
    scores, positives = rng.integers(0, 9, 300).astype(np.float32), rng.random(300) < 0.2
    assert roc_auc(tie_groups(scores, positives)) == pytest.approx(roc_auc_score(positives, scores), abs=1e-12)


@pytest.mark.parametrize("scores", SCORES)
@pytest.mark.parametrize("positives", POSITIVES)
def test_ties_count_in_expected_value(scores, positives):
    groups = tie_groups(np.array(scores, dtype=np.float32), np.array(positives, dtype=bool))
    assert average_precision(groups) == pytest.approx(over_orders(scores, positives, plain_ap), abs=1e-12)


@pytest.mark.parametrize(("n", "positives"), [(2, 1), (7, 3), (1000, 5), (1000, 999), (5, 5)])
def test_chance_is_that_of_one_tie_group(n, positives):
    constant = tie_groups(np.zeros(n, dtype=np.float32), np.arange(n) < positives)
    assert chance_average_precision(n, positives) == pytest.approx(average_precision(constant), abs=1e-12)


def test_chance_is_the_mean_of_random_orders_and_not_the_prevalence():
    rng = np.random.default_rng(0)
    positives = np.arange(400) < 4
    drawn = [average_precision(tie_groups(rng.random(400), positives)) for _ in range(4000)]
    error = np.std(drawn) / len(drawn) ** 0.5
    assert abs(np.mean(drawn) - chance_average_precision(400, 4)) < 4 * error
    assert abs(np.mean(drawn) - 4 / 400) > 10 * error


def test_ranks_agree_with_scipy():
    rng = np.random.default_rng(0)
    for values in (rng.normal(size=100), rng.integers(0, 5, 100), np.zeros(7)):
        np.testing.assert_array_equal(mean_ranks(values), rankdata(values))
