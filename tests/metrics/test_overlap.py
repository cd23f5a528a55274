"""Overlap metrics on maps whose scores are known."""

import numpy as np
import pytest
import torch

from bench.contracts import Context, Truth, Undefined
from bench.contracts.sets import mass_set
from metrics.overlap import AveragePrecision, CalibratedAP, RelevanceMass, RocAuc

ALL = [CalibratedAP(), AveragePrecision(), RocAuc(), RelevanceMass()]
SHAPE = (3, 1, 6, 8, 6)


@pytest.fixture
def truth():
    volume = torch.zeros(SHAPE)
    volume[:, :, 1:3, 2:4, 2:4] = -2.0
    return Truth("planted", volume=volume)


def test_mass_set_is_the_smallest_that_holds_the_share():
    magnitude = np.array([0, 4, 3, 2, 1, 0], dtype=np.float32)
    assert mass_set(magnitude, 0.7).tolist() == [False, True, True, False, False, False]
    assert mass_set(magnitude, 0.71).tolist() == [False, True, True, True, False, False]
    assert mass_set(magnitude, 1.0).tolist() == [False, True, True, True, True, False]


def test_mass_set_takes_all_tied_voxels_in_any_order_and_none_of_an_empty_truth():
    lesion = np.array([0, 1, 1, 1, 1 + 1e-6, 0], dtype=np.float32)
    assert mass_set(lesion, 0.5).tolist() == [False, True, True, True, True, False]
    assert not mass_set(np.zeros(5, dtype=np.float32), 0.9).any()


def test_mass_set_grows_with_the_share():
    magnitude = np.random.default_rng(0).gamma(0.3, size=2000).astype(np.float32)
    sizes = [mass_set(magnitude, q).sum() for q in (0.5, 0.9, 0.99)]
    assert sizes == sorted(set(sizes))
    for q, size in zip((0.5, 0.9, 0.99), sizes, strict=True):
        top = np.sort(magnitude.astype(np.float64))[::-1]
        assert top[:size].sum() >= q * top.sum() > top[: size - 1].sum()


@pytest.mark.parametrize("metric", ALL, ids=lambda m: type(m).__name__)
def test_the_truth_itself_is_perfect(metric, truth):
    assert metric.map(truth.volume.abs(), truth, Context()).tolist() == pytest.approx([1.0] * 3)


@pytest.mark.parametrize(("metric", "chance"), list(zip(ALL, [0, 0, 0.5, 8 / 288], strict=True)))
def test_constant_and_zero_maps_score_chance(metric, chance, truth):
    for maps in (torch.zeros(SHAPE), torch.ones(SHAPE), -torch.ones(SHAPE)):
        assert metric.map(maps, truth, Context()).tolist() == pytest.approx([chance] * 3, abs=1e-7)


@pytest.mark.parametrize("metric", ALL, ids=lambda m: type(m).__name__)
def test_only_the_domain_counts(metric, truth):
    domain = torch.zeros(SHAPE, dtype=torch.bool)
    domain[:, :, :, 1:5] = True
    maps = torch.rand(SHAPE, generator=torch.Generator().manual_seed(0))
    outside = torch.where(domain, maps, 100.0)
    context = Context(domain=domain)
    assert torch.equal(metric.map(maps, truth, context), metric.map(outside, truth, context))


@pytest.mark.parametrize("metric", ALL, ids=lambda m: type(m).__name__)
def test_undefined_truths_and_broken_maps_are_nan(metric, truth):
    volume = truth.volume.clone()
    volume[0], volume[1] = 0, 1
    maps = torch.rand(SHAPE)
    maps[2, 0, 0, 0, 0] = torch.nan
    assert metric.map(maps, Truth("planted", volume=volume), Context()).isnan().all()
    with pytest.raises(Undefined):
        metric.map(maps, Truth("use", regions=torch.ones(3, 4)), Context())


@pytest.mark.parametrize("metric", [RocAuc(), RelevanceMass()], ids=lambda m: type(m).__name__)
def test_a_volume_constant_along_one_axis_scores_as_its_slice(metric):
    source = torch.Generator().manual_seed(0)
    flat, slab = torch.rand((2, 1, 1, 8, 6), generator=source), torch.rand((2, 1, 1, 8, 6), generator=source)
    thin = metric.map(flat, Truth("planted", volume=slab), Context())
    thick = metric.map(flat.expand(2, 1, 5, 8, 6), Truth("planted", volume=slab.expand(2, 1, 5, 8, 6)), Context())
    torch.testing.assert_close(thin, thick)
