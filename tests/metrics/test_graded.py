"""Voxel correlations against scipy, discounted gain against every order, complexity against plain loops."""

from itertools import pairwise, permutations
from math import log, log2

import numpy as np
import pytest
import torch
from scipy.stats import pearsonr, spearmanr
from sklearn.metrics import ndcg_score

from bench.contracts import Context, Truth
from metrics.complexity import Entropy, Gini
from metrics.gain import RegionNDCG, discounted_gain
from metrics.graded import VoxelPearson, VoxelSpearman

SHAPE = (2, 1, 5, 6, 7)
BOTH = [(VoxelPearson(), pearsonr), (VoxelSpearman(), spearmanr)]


@pytest.fixture
def truth():
    volume = torch.zeros(SHAPE)
    volume[..., 1:3, 1:3, 1:4] = -torch.rand((2, 1, 2, 2, 3), generator=torch.Generator().manual_seed(0)) - 1
    return Truth("planted", volume=volume)


@pytest.mark.parametrize(("metric", "twin"), BOTH)
def test_correlations_agree_with_scipy_inside_the_domain(metric, twin, truth):
    domain = torch.zeros(SHAPE, dtype=torch.bool)
    domain[..., 1:] = True
    maps = torch.randn(SHAPE, generator=torch.Generator().manual_seed(1)).round(decimals=1)
    scores = metric.map(maps, truth, Context(domain=domain))
    for row, score in enumerate(scores.tolist()):
        seen, true = (v[row][domain[row]].abs().double().numpy() for v in (maps, truth.volume))
        assert score == pytest.approx(twin(seen, true).statistic, abs=1e-6)


@pytest.mark.parametrize("metric", [metric for metric, _ in BOTH])
def test_traces_below_the_share_do_not_rank(metric, truth):
    dust = 1e-5 * torch.rand(SHAPE, generator=torch.Generator().manual_seed(2))
    dusty = Truth("planted", volume=truth.volume - dust * (truth.volume == 0))
    assert metric.map(truth.volume.abs(), dusty, Context()).tolist() == pytest.approx([1, 1], abs=1e-6)


@pytest.mark.parametrize("metric", [metric for metric, _ in BOTH])
def test_plain_maps_score_zero_and_plain_truths_are_undefined(metric, truth):
    for value in (0.0, 1.0, -1.0):
        assert metric.map(torch.full(SHAPE, value), truth, Context()).tolist() == [0, 0]
    for value in (0.0, 1.0):
        flat = Truth("planted", volume=torch.full(SHAPE, value))
        assert metric.map(torch.rand(SHAPE), flat, Context()).isnan().all()
    assert metric.map(torch.full(SHAPE, torch.nan), truth, Context()).isnan().all()


@pytest.mark.parametrize("scores", [(1, 1, 1, 1), (2, 1, 1, 0), (3, 3, 1, 1), (-1, -2, -3, -4)])
def test_discounted_gain_counts_ties_in_expected_value(scores):
    gains = np.array([0.0, 3.0, 0.5, 1.0])
    orders = [o for o in permutations(range(4)) if all(scores[a] >= scores[b] for a, b in pairwise(o))]
    sums = [sum(gains[item] / log2(place + 2) for place, item in enumerate(order)) for order in orders]
    assert discounted_gain(np.array(scores, dtype=float), gains) == pytest.approx(np.mean(sums))


def test_ndcg_agrees_with_scikit_learn_before_correction():
    rng = np.random.default_rng(0)
    gains, scores = rng.random(40), rng.integers(0, 9, 40).astype(float)
    ratio = discounted_gain(scores, gains) / discounted_gain(gains, gains)
    assert ratio == pytest.approx(ndcg_score([gains], [scores]))


def test_region_ndcg_asks_for_the_most_used_region_first():
    labels = torch.tensor([1, 1, 1, 1, 2, 2, 3, 3, 4, 0, 0, 0], dtype=torch.int16).reshape(1, 1, 3, 2, 2)
    use = Truth("use", regions=torch.tensor([[0.3, 0.01, 0.9, 0.02]]), floor=torch.full((1, 4), 0.05))

    def score(*mass):
        density = torch.tensor([9.0, *(m / c for m, c in zip(mass, (4, 2, 2, 1), strict=True))])
        return RegionNDCG().map(density[labels.long()], use, Context(regions=labels)).item()

    assert score(0.3, 0.0, 0.9, 0.0) == pytest.approx(1)
    assert score(0, 0, 0, 0) == pytest.approx(0, abs=1e-7)
    best, chance = 0.9 + 0.3 / log2(3), 1.2 / 4 * sum(1 / log2(k + 1) for k in range(1, 5))
    assert score(0.9, 0.0, 0.3, 0.0) == pytest.approx((0.3 + 0.9 / log2(3) - chance) / (best - chance))
    flat = Truth("use", regions=torch.ones(1, 4), floor=torch.zeros(1, 4))
    assert RegionNDCG().map(torch.rand(labels.shape), flat, Context(regions=labels)).isnan().all()


def test_complexity_agrees_with_plain_sums():
    maps = torch.randn((1, 1, 3, 4, 5), generator=torch.Generator().manual_seed(3))
    sizes = [abs(v) for v in maps.double().flatten().tolist()]
    total, n = sum(sizes), len(sizes)
    pairs = sum(abs(a - b) for a in sizes for b in sizes)
    assert Gini().map(maps, None, Context()).item() == pytest.approx(pairs / (2 * n * total))
    bits = -sum(s / total * log(s / total) for s in sizes)
    assert Entropy().map(maps, None, Context()).item() == pytest.approx(bits / log(n))


def test_complexity_of_plain_maps(shipped):
    single = torch.zeros((1, 1, 2, 2, 5))
    single[0, 0, 1, 1, 1] = -3
    for maps, gini, entropy in ((single, 0.95, 0), (0 * single, 0, 1), (0 * single - 2, 0, 1)):
        assert shipped("gini").map(maps, None, Context()).item() == pytest.approx(gini)
        assert shipped("entropy").map(maps, None, Context()).item() == pytest.approx(entropy)
    assert Gini().map(single * torch.nan, None, Context()).isnan().all()
    domain = torch.zeros(single.shape, dtype=torch.bool)
    domain[0, 0, 1, 1, 1] = True
    assert Entropy().map(single, None, Context(domain=domain)).isnan().all()
