"""Pointing with a tolerance in millimetres."""

import numpy as np
import pytest
import torch

from bench.contracts import Context, Truth, Undefined
from metrics.pointing import Pointing

SHAPE = (1, 1, 7, 8, 9)
AFFINE = np.diag([2.0, 3.0, 5.0, 1.0])


@pytest.fixture
def truth():
    volume = torch.zeros(SHAPE)
    volume[..., 3, 4, 4] = -1.0
    return Truth("planted", volume=volume)


def peak(*voxels):
    maps = torch.zeros(SHAPE)
    for voxel in voxels:
        maps[0, 0][voxel] = 1.0
    return maps


def score(hits, near):
    chance = near / (7 * 8 * 9)
    return (hits - chance) / (1 - chance)


@pytest.mark.parametrize(("tolerance", "near"), [(0, 1), (2, 3), (3, 5), (4, 11), (5, 17)])
def test_tolerance_is_in_mm_along_each_axis(truth, tolerance, near):
    """Voxels within the tolerance, counted by hand: 2 mm reaches one step in depth, 3 one in height, 5 one in width."""
    metric, context = Pointing(tolerance_mm=tolerance), Context(affine=AFFINE)
    grid = np.stack(np.meshgrid(*map(np.arange, SHAPE[2:]), indexing="ij"), axis=-1) - np.array([3, 4, 4])
    assert (np.linalg.norm(grid * [2, 3, 5], axis=-1) <= tolerance).sum() == near
    assert metric.map(peak((3, 4, 4)), truth, context).item() == pytest.approx(1)
    for voxel, millimetres in (((2, 4, 4), 2), ((3, 5, 4), 3), ((3, 4, 3), 5), ((0, 0, 0), 99)):
        expected = score(float(millimetres <= tolerance), near)
        assert metric.map(peak(voxel), truth, context).item() == pytest.approx(expected)


def test_tied_peaks_count_in_expected_value(truth):
    tied = peak((3, 4, 4), (0, 0, 0), (6, 7, 8))
    assert Pointing(tolerance_mm=0).map(tied, truth, Context()).item() == pytest.approx(score(1 / 3, 1))


@pytest.mark.parametrize("value", [0.0, 1.0, -1.0])
def test_constant_maps_score_zero(truth, value):
    assert Pointing().map(torch.full(SHAPE, value), truth, Context(affine=AFFINE)).item() == pytest.approx(0, abs=1e-7)


def test_undefined_and_impossible_cases(truth):
    maps = peak((3, 4, 4))
    assert Pointing().map(maps, Truth("planted", volume=torch.zeros(SHAPE)), Context()).isnan().all()
    assert Pointing(tolerance_mm=99).map(maps, truth, Context()).isnan().all()
    assert Pointing().map(maps * torch.nan, truth, Context()).isnan().all()
    with pytest.raises(Undefined):
        Pointing().map(maps, Truth("use", regions=torch.ones(1, 4)), Context())
