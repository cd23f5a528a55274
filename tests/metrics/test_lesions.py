"""Lesions found, their outline, and mass outside the domain, on maps whose scores are known."""

from itertools import combinations

import numpy as np
import pytest
import torch

from bench.contracts import Context, Truth
from metrics.lesions import LesionsFound, RimToCore
from metrics.outside import OutsideMass

SHAPE = (1, 1, 6, 7, 8)
SIZES = (8, 2, 1)


@pytest.fixture
def truth():
    """Lesions of 8, 2 (joined by a corner) and 1 voxels."""
    volume = torch.zeros(SHAPE)
    volume[..., 0:2, 0:2, 0:2] = -1.0
    volume[0, 0, 4, 5, 6] = volume[0, 0, 5, 6, 7] = volume[0, 0, 0, 6, 0] = 1.0
    return Truth("planted", volume=volume)


def chances(least):
    """By the hypergeometric distribution, written out: 11 of 336 voxels are taken at random."""
    from math import comb

    found = []
    for size in SIZES:
        needed = max(1, int(np.ceil(least * size)))
        ways = sum(comb(size, k) * comb(336 - size, 11 - k) for k in range(needed, size + 1))
        found.append(ways / comb(336, 11))
    return np.mean(found)


@pytest.mark.parametrize("least", [0.0, 0.5, 1.0])
def test_found_lesions_are_counted(truth, least):
    """Seven of the large lesion's voxels, one of the pair, none of the single one, three elsewhere."""
    maps = torch.zeros(SHAPE)
    maps[..., 0:2, 0:2, 0:2] = 2.0
    maps[0, 0, 0, 0, 0] = 0.0
    maps[0, 0, 4, 5, 6] = 2.0
    maps[0, 0, 3, 0, 3:6] = 1.0
    found, chance = {0.0: 2 / 3, 0.5: 2 / 3, 1.0: 0.0}[least], chances(least)
    score = LesionsFound(least=least).map(maps, truth, Context()).item()
    assert score == pytest.approx((found - chance) / (1 - chance), abs=1e-6)
    assert LesionsFound(least=least).map(truth.volume.abs(), truth, Context()).item() == pytest.approx(1)


@pytest.mark.parametrize("value", [0.0, 1.0, -1.0])
def test_constant_maps_find_what_chance_finds(truth, value):
    assert LesionsFound().map(torch.full(SHAPE, value), truth, Context()).item() == pytest.approx(0, abs=1e-7)


def test_ties_count_in_expected_value():
    """Two of three tied voxels are taken: every choice, counted."""
    parts = np.array([1, 1, 2, 0, 0])
    values = np.array([3.0, 1.0, 1.0, 1.0, 0.0])
    for least in (0.0, 0.5, 1.0):
        shares = []
        for chosen in combinations((1, 2, 3), 2):
            taken = {0, *chosen}
            both = [len(taken & {0, 1}) / 2, len(taken & {2})]
            shares.append(np.mean([share > 0 and share >= least for share in both]))
        assert LesionsFound(least=least)._found(values, parts) == pytest.approx(np.mean(shares))


def test_rim_and_core_of_a_cube(shipped):
    volume = torch.zeros(SHAPE)
    volume[..., 1:5, 1:5, 1:5] = -1.0
    cube = Truth("planted", volume=volume)
    core = torch.zeros(SHAPE)
    core[..., 2:4, 2:4, 2:4] = 1.0
    outline = volume.abs() - core
    for maps, share in ((volume, 0.5), (core, 0.0), (outline, 1.0), (3 * outline + core, 0.75), (0 * core, 0.5)):
        assert shipped("rim_to_core").map(maps, cube, Context()).item() == pytest.approx(share)


def test_mass_outside_the_domain():
    domain = torch.zeros(SHAPE, dtype=torch.bool)
    domain[..., :4] = True
    context = Context(domain=domain)
    maps = torch.where(domain, -1.0, 3.0)
    for given, share in ((maps, 0.75), (domain.float(), 0.0), (torch.zeros(SHAPE), 0.5), (-torch.ones(SHAPE), 0.5)):
        assert OutsideMass().map(given, None, context).item() == pytest.approx(share)
    assert OutsideMass().map(maps, None, Context()).isnan().all()
    assert OutsideMass().map(maps * torch.nan, None, context).isnan().all()


@pytest.mark.parametrize("metric", [LesionsFound(), RimToCore()], ids=lambda m: type(m).__name__)
def test_undefined_cases(metric, truth):
    assert metric.map(torch.ones(SHAPE), Truth("planted", volume=torch.zeros(SHAPE)), Context()).isnan().all()
    assert metric.map(torch.full(SHAPE, torch.nan), truth, Context()).isnan().all()
