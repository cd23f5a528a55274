"""Retraining stability against scipy and on models whose stability is known."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

from bench.contracts import Context, Truth, Undefined
from metrics.stability import RetrainingStability

SHAPE = (4, 3, 1, 5, 6, 5)
DOMAIN = torch.rand(SHAPE[1:], generator=torch.Generator().manual_seed(9)) < 0.7
CONTEXT = Context(subjects=(0, 1, 2), domain=DOMAIN)


@dataclass
class Models:
    maps: torch.Tensor
    untrained: torch.Tensor
    uses: tuple
    data_seeds: tuple = (0, 0, 1, 1)
    init_seeds: tuple = (0, 1, 0, 1)
    order_seeds: tuple = (0, 1, 0, 1)


def noise(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def run(maps, untrained=None, uses=None, metric=RetrainingStability(), **seeds):  # noqa: B008
    untrained = noise(2, *SHAPE[1:], seed=5) if untrained is None else untrained
    uses = noise(4, 3, 8) if uses is None else uses
    uses = tuple(Truth("use", regions=regions) for regions in uses)
    return metric.compare(Models(maps, untrained, uses, **seeds), CONTEXT)


def mean_pairs(maps, pairs, n):
    inside = DOMAIN[n]
    return np.mean([spearmanr(maps[i, n][inside].abs(), maps[j, n][inside].abs()).statistic for i, j in pairs])


def test_columns_are_means_over_the_right_pairs():
    maps = noise(*SHAPE[1:]) + noise(*SHAPE, seed=1)
    untrained, uses = noise(2, *SHAPE[1:], seed=5), noise(4, 3, 8, seed=3)
    columns = run(maps, untrained, uses)
    every, pooled = list(combinations(range(4), 2)), uses.square().mean(1).sqrt()
    for n in range(3):
        expected = {
            "": mean_pairs(maps, every, n),
            "model": mean_pairs(maps, [(0, 1), (2, 3)], n),
            "data": mean_pairs(maps, [(0, 2), (1, 3)], n),
            "floor_untrained": mean_pairs(untrained, [(0, 1)], n),
            "use": np.mean([spearmanr(pooled[i], pooled[j]).statistic for i, j in every]),
        }
        for name, value in expected.items():
            assert columns[name][n].item() == pytest.approx(value, abs=1e-6), name


def test_crossed_initialisation_and_order_are_told_apart():
    maps = noise(*SHAPE)
    columns = run(maps, data_seeds=(0, 0, 0, 0), init_seeds=(0, 0, 1, 1), order_seeds=(0, 1, 0, 1))
    pairs = {"initialisation": [(0, 2), (1, 3)], "order": [(0, 1), (2, 3)], "model": [(0, 3), (1, 2)]}
    for name, own in pairs.items():
        for n in range(3):
            assert columns[name][n].item() == pytest.approx(mean_pairs(maps, own, n), abs=1e-6)
    assert columns["data"].isnan().all()


def test_maps_that_never_change_score_one_whatever_their_sign_or_scale(shipped):
    maps = noise(1, *SHAPE[1:]) * torch.tensor([1.0, -1.0, 2.0, 0.1]).reshape(4, 1, 1, 1, 1, 1)
    columns = run(maps, metric=shipped("retraining_stability"))
    for name in ("", "model", "data"):
        torch.testing.assert_close(columns[name], torch.ones(3))
    assert (columns["floor_subjects"].abs() < 0.5).all()


def test_one_map_for_all_subjects_reaches_the_floor_of_subjects():
    columns = run(noise(*SHAPE)[:, :1].expand(SHAPE))
    torch.testing.assert_close(columns["floor_subjects"], torch.ones(3))


def test_columns_without_a_pair_are_undefined_and_one_model_is_refused():
    columns = run(noise(*SHAPE), untrained=torch.empty(0, *SHAPE[1:]))
    assert columns["floor_untrained"].isnan().all()
    assert columns["initialisation"].isnan().all() and columns["order"].isnan().all()
    assert run(noise(*SHAPE), data_seeds=(0, 1, 2, 3))["model"].isnan().all()
    with pytest.raises(Undefined, match="two trained models"):
        run(noise(1, *SHAPE[1:]))
