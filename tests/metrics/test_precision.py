"""Precision among the largest voxels, against every order of tied items."""

from itertools import pairwise, permutations

import numpy as np
import pytest
import torch

from bench.contracts import Context, Truth
from metrics._shared.ranking import tie_groups
from metrics.precision import PrecisionAtSpecificity, PrecisionAtTruth, expected_hits, expected_precision

SCORES = [(1, 1, 1, 1, 1, 1, 1), (2, 2, 1, 1, 1, 0, 0), (3, 3, 3, 2, 1, 1, 1), (-1, -2, -2, -2, -3, -3, -4)]
POSITIVES = [(1, 0, 1, 0, 0, 1, 0), (0, 0, 1, 0, 0, 0, 0), (1, 1, 0, 0, 0, 1, 1)]
BOTH = [PrecisionAtTruth(), PrecisionAtSpecificity()]


def precision_before(labels, allowed):
    """Precision of all items above negative number allowed + 1."""
    misses = np.cumsum(~np.array(labels))
    taken = np.array(labels)[misses <= allowed]
    return taken.sum() / (taken.sum() + allowed)


def over_orders(scores, positives, value):
    """Mean value over all orders that respect the scores."""
    orders = [o for o in permutations(range(len(scores))) if all(scores[a] >= scores[b] for a, b in pairwise(o))]
    return np.mean([value([bool(positives[i]) for i in order]) for order in orders])


@pytest.mark.parametrize("scores", SCORES)
@pytest.mark.parametrize("positives", POSITIVES)
def test_ties_count_in_expected_value(scores, positives):
    groups = tie_groups(np.array(scores, dtype=np.float32), np.array(positives, dtype=bool))
    for number in (1, 2):
        taken = over_orders(scores, positives, lambda labels, n=number: sum(labels[:n]))
        assert expected_hits(groups, number) == pytest.approx(taken, abs=1e-12)
        precise = over_orders(scores, positives, lambda labels, n=number: precision_before(labels, n))
        assert expected_precision(groups, number) == pytest.approx(precise, abs=1e-12)


@pytest.mark.parametrize("metric", BOTH, ids=lambda m: type(m).__name__)
def test_truth_is_perfect_and_maps_without_order_score_zero(metric):
    volume = torch.zeros((1, 1, 8, 8, 8))
    volume[..., 2:4, 2:5, 2:4] = -torch.rand((2, 3, 2), generator=torch.Generator().manual_seed(0)) - 1
    truth = Truth("planted", volume=volume)
    assert metric.map(volume.abs(), truth, Context()).item() == pytest.approx(1)
    for maps in (torch.zeros_like(volume), torch.ones_like(volume), -torch.ones_like(volume)):
        assert metric.map(maps, truth, Context()).item() == pytest.approx(0, abs=1e-6)
    assert metric.map(-volume.abs(), truth, Context()).item() < 0


def test_strict_order_agrees_with_counting():
    rng = np.random.default_rng(0)
    scores, volume = rng.permutation(1000).astype(np.float32), (rng.random(1000) < 0.05).astype(np.float32)
    labels = volume[np.argsort(-scores)] > 0
    found, n = int(labels.sum()), labels.size
    maps, truth = (torch.from_numpy(v).reshape(1, 1, 10, 10, 10) for v in (scores, volume))
    rank = PrecisionAtTruth(q=1.0).map(maps, Truth("planted", volume=truth), Context()).item()
    assert rank == pytest.approx((labels[:found].mean() - found / n) / (1 - found / n))
    drawn = [precision_before(rng.permutation(labels), 9) for _ in range(20_000)]
    at = PrecisionAtSpecificity(q=1.0).map(maps, Truth("planted", volume=truth), Context()).item()
    chance, best = np.mean(drawn), found / (found + 9)
    assert at == pytest.approx((precision_before(labels, 9) - chance) / (best - chance), abs=0.01)


def test_undefined_and_impossible_cases():
    small = torch.zeros((1, 1, 4, 4, 4))
    small[..., 0, 0, 0] = 1
    assert PrecisionAtSpecificity().map(small, Truth("planted", volume=small), Context()).isnan().all()


def test_where_every_negative_is_allowed_there_is_nothing_to_tell():
    volume = torch.zeros(1, 1, 3, 3, 3)
    volume[..., 1, 1, 1] = 1
    for specificity, known in ((1e-13, False), (0.5, True), (1 - 1e-9, False)):
        found = PrecisionAtSpecificity(specificity=specificity).map(volume, Truth("planted", volume=volume), Context())
        assert found.isfinite().all() == known
