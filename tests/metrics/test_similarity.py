"""Spearman and SSIM against slow or library oracles."""

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

from metrics._shared.similarity import SPEARMAN, SSIM, between_subjects, rank_agreement, rank_correlation

RNG = np.random.default_rng(0)


def test_spearman_agrees_with_scipy_with_and_without_ties():
    for a, b in [(RNG.normal(size=50), RNG.normal(size=50)), (RNG.integers(0, 4, 50), RNG.integers(0, 4, 50))]:
        assert rank_correlation(a, b) == pytest.approx(spearmanr(a, b).statistic, abs=1e-12)


def test_constant_vectors_have_no_correlation_and_no_agreement():
    assert np.isnan(rank_correlation(np.ones(5), np.arange(5)))
    assert rank_agreement(np.ones(5), np.arange(5.0)) == 0
    assert np.isnan(rank_agreement(np.arange(5.0), np.ones(5)))
    assert np.isnan(rank_agreement(np.array([1.0, np.nan]), np.arange(2.0)))


def slow_ssim(a, b, mask, window=5):
    """Voxel by voxel: statistics over the window cut to the mask."""
    a, b = (np.abs(v) / np.sqrt((v[mask] ** 2).mean()) for v in (a, b))
    half, values = window // 2, []
    for centre in np.argwhere(mask):
        box = tuple(slice(max(c - half, 0), c + half + 1) for c in centre)
        x, y = a[box][mask[box]], b[box][mask[box]]
        covariance = (x * y).mean() - x.mean() * y.mean()
        luminance = (2 * x.mean() * y.mean() + 1e-4) / (x.mean() ** 2 + y.mean() ** 2 + 1e-4)
        values.append(luminance * (2 * covariance + 9e-4) / (x.var() + y.var() + 9e-4))
    return np.mean(values)


def test_ssim_agrees_with_its_slow_twin_inside_a_mask():
    a, b = RNG.normal(size=(2, 7, 8, 6))
    mask = RNG.random((7, 8, 6)) < 0.7
    a[~mask] = 50.0
    value = SSIM.compare(SSIM.prepare(a, mask), SSIM.prepare(b, mask))
    assert value == pytest.approx(slow_ssim(a, b, mask), abs=1e-10)


@pytest.mark.parametrize("measure", [SPEARMAN, SSIM])
def test_a_map_is_itself_at_any_scale_and_a_dead_one_is_nothing(measure):
    a, mask = RNG.normal(size=(6, 6, 6)), np.ones((6, 6, 6), dtype=bool)
    state = measure.prepare(a, mask)
    assert measure.compare(state, measure.prepare(3 * a, mask)) == pytest.approx(1)
    for dead in (0 * a, 0 * a + 2, a * np.nan):
        assert np.isnan(measure.compare(state, measure.prepare(dead, mask)))


def test_between_subjects_is_the_mean_over_the_others_in_the_shared_domain():
    maps = torch.randn((3, 1, 5, 5, 5), generator=torch.Generator().manual_seed(0))
    domain = torch.rand((3, 1, 5, 5, 5), generator=torch.Generator().manual_seed(1)) < 0.8
    shared = domain.all(dim=0)
    values = [maps[i][shared].abs().numpy() for i in range(3)]
    expected = [np.mean([spearmanr(values[i], values[j]).statistic for j in range(3) if j != i]) for i in range(3)]
    np.testing.assert_allclose(between_subjects(SPEARMAN, maps, domain), expected)
    assert np.isnan(between_subjects(SPEARMAN, maps[:1], domain[:1])).all()
