"""Earth mover's distance against an exact linear program over every pair of voxels."""

import numpy as np
import pytest
import torch
from scipy.optimize import linprog
from scipy.spatial.distance import cdist

from bench.contracts import Context, Truth
from metrics._shared import transport
from metrics._shared.transport import earth_movers
from metrics.movers import EarthMovers

SHAPE = (1, 1, 7, 6, 7)
GRID = np.stack(np.meshgrid(*map(np.arange, SHAPE[2:]), indexing="ij"), axis=-1).reshape(-1, 3) * [2.0, 3.0, 4.0]


def exact(source, sink, where):
    """The textbook program: every voxel to every voxel, dense constraints."""
    n, m = np.flatnonzero(source), np.flatnonzero(sink)
    rows = np.kron(np.eye(len(n)), np.ones(len(m)))
    columns = np.kron(np.ones(len(n)), np.eye(len(m)))
    totals = np.concatenate([source[n], sink[m]])
    return linprog(cdist(where[n], where[m]).ravel(), A_eq=np.vstack([rows, columns]), b_eq=totals).fun


def distributions(seed):
    """A few scattered sources and a lump."""
    rng = np.random.default_rng(seed)
    source = rng.gamma(0.5, size=len(GRID)) * (rng.random(len(GRID)) < 0.15)
    sink = np.exp(-((GRID - GRID[rng.integers(len(GRID))]) ** 2).sum(axis=1) / 30)
    sink[sink < 0.1] = 0
    return source / source.sum(), sink / sink.sum()


@pytest.mark.parametrize("seed", range(4))
def test_groups_of_one_voxel_are_exact(seed):
    source, sink = distributions(seed)
    assert earth_movers(source, sink, GRID) == pytest.approx([exact(source, sink, GRID)] * 2, rel=1e-6)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("sinks", "pairs", "width"), [(4, 40, 0.7), (8, 200, 0.4), (16, 600, 0.2)])
def test_bounds_hold_and_narrow(monkeypatch, seed, sinks, pairs, width):
    monkeypatch.setattr(transport, "_SINKS", sinks)
    monkeypatch.setattr(transport, "_PAIRS", pairs)
    source, sink = distributions(seed)
    low, high = earth_movers(source, sink, GRID)
    assert low - 1e-9 <= exact(source, sink, GRID) <= high + 1e-9
    assert high - low <= width * high


def test_a_shift_costs_its_length_and_common_mass_stays():
    source, sink = np.zeros(len(GRID)), np.zeros(len(GRID))
    source[[0, 5]], sink[[0, -1]] = (0.25, 0.75), (0.25, 0.75)
    assert earth_movers(source, sink, GRID) == pytest.approx([0.75 * np.linalg.norm(GRID[5] - GRID[-1])] * 2)
    assert earth_movers(source, source, GRID) == (0.0, 0.0)


@pytest.mark.parametrize("little", [1e-3, 1e-6, 1e-9])
def test_maps_that_are_almost_right_have_small_exact_distances(little):
    source, sink = distributions(0)
    near = (1 - little) * sink + little * source
    assert earth_movers(near, sink, GRID) == pytest.approx([little * exact(source, sink, GRID)] * 2, rel=1e-4)


def scored(maps, volume, metric=None):
    context = Context(affine=np.diag([2.0, 3.0, 4.0, 1.0]))
    return (metric or EarthMovers()).map(maps, Truth("planted", volume=volume), context).item()


def lump():
    volume = torch.zeros(SHAPE)
    volume[..., 1:3, 1:3, 1:3] = -torch.rand((2, 2, 2), generator=torch.Generator().manual_seed(0)) - 1
    return volume


def test_score_is_that_of_the_exact_program():
    volume = lump()
    maps = torch.randn(SHAPE, generator=torch.Generator().manual_seed(1))
    shares = [v.abs().double().flatten().numpy() for v in (maps, volume, torch.ones(SHAPE))]
    seen, true, even = (v / v.sum() for v in shares)
    difference, reference = seen - true, even - true
    distances = [exact(d.clip(min=0), (-d).clip(min=0), GRID) for d in (difference, reference)]
    assert scored(maps, volume) == pytest.approx(1 - distances[0] / distances[1], abs=1e-5)


def test_truth_scores_one_even_maps_zero_and_the_far_corner_less():
    volume = lump()
    assert scored(3 * volume.abs(), volume) == pytest.approx(1)
    for value in (0.0, 1.0, -1.0):
        assert scored(torch.full(SHAPE, value), volume) == 0
    corner = torch.zeros(SHAPE)
    corner[..., -1, -1, -1] = 1
    assert scored(corner, volume) < 0
    near = volume.roll(1, dims=2)
    assert 0 < scored(near.roll(1, dims=3), volume) < scored(near, volume) < 1


def test_undefined_and_impossible_cases(monkeypatch):
    assert np.isnan(scored(torch.ones(SHAPE), torch.zeros(SHAPE)))
    assert np.isnan(scored(torch.ones(SHAPE), torch.ones(SHAPE)))
    monkeypatch.setattr(transport, "_SINKS", 2)
    assert np.isnan(scored(torch.rand(SHAPE), lump(), EarthMovers(tolerance=0.01)))
