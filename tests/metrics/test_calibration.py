"""Calibrated AP: its exact expectation over ties, its chance, and that it does not depend on the prevalence."""

from itertools import pairwise, permutations
from math import comb
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from bench.contracts import Context, Truth
from metrics._shared.calibration import calibrated_average_precision, chance_calibrated
from metrics._shared.ranking import average_precision, tie_groups
from metrics.overlap import CalibratedAP

SCORES = [(1, 1, 1, 1, 1, 1, 1), (2, 2, 1, 1, 1, 0, 0), (3, 3, 3, 2, 1, 1, 1), (6, 5, 4, 3, 2, 1, 0)]
POSITIVES = [(1, 0, 1, 0, 0, 1, 0), (0, 0, 1, 0, 0, 0, 0), (1, 1, 1, 0, 1, 1, 1)]


def plain(labels, prior):
    """Calibrated AP of labels in a strict order, from precision = TPR p / (TPR p + FPR (1 - p))."""
    positives, negatives = sum(labels), len(labels) - sum(labels)
    values, hits, misses = [], 0, 0
    for label in labels:
        hits, misses = hits + label, misses + (not label)
        if label:
            tpr, fpr = hits / positives, misses / negatives
            values.append(tpr * prior / (tpr * prior + fpr * (1 - prior)))
    return sum(values) / len(values)


def chance_by_sum(n, positives, prior):
    """sum_k sum_F P(F negatives before the k-th positive) k / (k + w F), with exact binomials."""
    negatives = n - positives
    weight = (1 - prior) / prior * positives / negatives
    total = 0.0
    for k in range(1, positives + 1):
        for f in range(negatives + 1):
            ways = comb(k - 1 + f, f) * comb(positives - k + negatives - f, negatives - f)
            total += ways / comb(n, positives) * k / (k + weight * f)
    return total / positives


@pytest.mark.parametrize("scores", SCORES)
@pytest.mark.parametrize("positives", POSITIVES)
@pytest.mark.parametrize("prior", [0.01, 0.5])
def test_ties_count_in_expected_value(scores, positives, prior):
    orders = [o for o in permutations(range(7)) if all(scores[a] >= scores[b] for a, b in pairwise(o))]
    expected = np.mean([plain([bool(positives[i]) for i in order], prior) for order in orders])
    groups = tie_groups(np.array(scores), np.array(positives, dtype=bool))
    assert calibrated_average_precision(groups, prior) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(("n", "positives"), [(2, 1), (50, 1), (50, 25), (50, 49), (300, 3), (200, 60)])
@pytest.mark.parametrize("prior", [0.001, 0.01, 0.3])
def test_chance_is_the_exact_sum(n, positives, prior):
    assert chance_calibrated(n, positives, prior) == pytest.approx(chance_by_sum(n, positives, prior), rel=1e-4)


def test_chance_is_the_mean_of_random_maps():
    rng = np.random.default_rng(0)
    positives = np.arange(3000) < 30
    drawn = [calibrated_average_precision(tie_groups(rng.random(3000), positives), 0.01) for _ in range(3000)]
    error = np.std(drawn) / len(drawn) ** 0.5
    assert abs(np.mean(drawn) - chance_calibrated(3000, 30, 0.01)) < 4 * error
    assert error < 3e-4


def test_many_mixed_groups_agree_with_the_exact_sum():
    rng = np.random.default_rng(0)
    groups = tie_groups(rng.integers(0, 100, 3000), rng.random(3000) < 0.3)
    assert ((groups.hits > 0) & (groups.misses > 0)).sum() > 64
    assert calibrated_average_precision(groups, 0.01) == pytest.approx(_by_sum(groups, 0.01), abs=1e-7)


def _by_sum(groups, prior):
    positives, negatives = groups.hits.sum(), groups.misses.sum()
    weight = (1 - prior) / prior * positives / negatives
    value = 0.0
    for r, m, before, above in np.stack(groups, axis=1).astype(int).tolist():
        for k in range(1, r + 1):
            for f in range(m + 1):
                ways = comb(k - 1 + f, f) * comb(r - k + m - f, m - f) / comb(r + m, r)
                value += ways * (before + k) / (before + k + weight * (above + f))
    return value / positives


def test_equal_map_quality_scores_alike_at_every_prevalence_where_plain_ap_does_not(shipped):
    rng, grid = np.random.default_rng(0), (40, 1, 20, 20, 50)
    n, scores = 20_000, {"calibrated_ap": [], "average_precision": []}
    for prevalence in (0.001, 0.01, 0.05):
        positives = np.arange(n) < prevalence * n
        maps = torch.from_numpy(rng.normal(size=(40, n)) + 2.0 * positives).reshape(grid)
        truth = Truth("planted", volume=torch.from_numpy(positives).float().expand(40, n).reshape(grid))
        for name, found in scores.items():
            found.append(shipped(name).map(maps, truth, Context()).mean().item())
    assert np.ptp(scores["calibrated_ap"]) < 0.04
    assert np.ptp(scores["average_precision"]) > 0.3


def test_a_perfect_map_scores_one_and_prior_equal_to_prevalence_is_plain_ap():
    rng = np.random.default_rng(0)
    positives = np.arange(1000) < 20
    perfect = tie_groups(positives.astype(float), positives)
    assert calibrated_average_precision(perfect, 0.01) == pytest.approx(1, abs=1e-12)
    groups = tie_groups(rng.normal(size=1000) + positives, positives)
    assert calibrated_average_precision(groups, 0.02) == pytest.approx(average_precision(groups), abs=1e-12)


def test_the_prior_is_the_one_that_leaves_the_widest_range(shipped):
    """Where places move, to nine of ten simulators, whether a method sees single voxels or cells of two."""
    table = pd.read_csv(Path(__file__).parents[2] / "results" / "benchmarks" / "calibrated_ap_prior.csv")
    ranges = table.query("place == 'moving' and cell <= 2").groupby(["prior", "cell"])["range"].quantile(0.1)
    best = ranges.groupby("prior").min().idxmax()
    nested = [shipped(name).metric for name in ("individual_gain", "individual_share", "learned_gain", "learned_share")]
    assert {metric.prior for metric in (CalibratedAP(), shipped("calibrated_ap"), *nested)} == {best}
