"""Region agreement: mass, the used regions, and what a volume ranking scores."""

import numpy as np
import pytest
import torch

from bench.contracts import BadInput, Context, Truth
from metrics._shared.ranking import chance_average_precision
from metrics.regions import RegionAP, RegionSpearman, region_mass, used_set

LABELS = torch.tensor([0, 1, 1, 1, 1, 2, 2, 2, 3, 3, 4, 0], dtype=torch.int16).reshape(1, 1, 3, 2, 2)


def context(n=1):
    return Context(regions=LABELS.expand(n, *LABELS.shape[1:]))


def use(*values, floor=0.1):
    regions = torch.tensor([values])
    return Truth("use", regions=regions, signed=False, floor=torch.full_like(regions, floor))


def painted(*values):
    """A map whose mass in region r is values[r - 1]."""
    density = torch.tensor([9.0, *(v / c for v, c in zip(values, (4, 3, 2, 1), strict=True))])
    return density[LABELS.long()]


def test_mass_is_the_sum_over_a_region_and_zero_for_an_absent_one():
    mass = region_mass(torch.arange(12.0).reshape(LABELS.shape), LABELS, 5)
    assert mass.tolist() == [[10.0, 18.0, 17.0, 10.0, 0.0]]


def test_the_use_itself_is_perfect():
    truth = use(0.3, 0.0, 0.7, 0.01)
    maps = painted(0.3, 0.0, 0.7, 0.01)
    assert RegionAP().map(maps, truth, context()).item() == pytest.approx(1)
    assert RegionSpearman().map(maps, truth, context()).item() == pytest.approx(1)


def test_a_constant_map_ranks_regions_by_volume(shipped):
    constant = torch.ones(LABELS.shape)
    chance = chance_average_precision(4, 1)
    for used, precision in ((0, 1.0), (1, 1 / 2), (2, 1 / 3), (3, 1 / 4)):
        truth = use(*(float(r == used) for r in range(4)))
        score = shipped("region_ap").map(constant, truth, context()).item()
        assert score == pytest.approx((precision - chance) / (1 - chance))
    assert RegionSpearman().map(constant, use(4.0, 3.0, 2.0, 0.1), context()).item() == pytest.approx(1)


def test_chance_averages_to_zero_over_all_volume_orders():
    truths = [use(*(float(r == used) for r in range(4))) for used in range(4)]
    scores = [RegionAP().map(torch.ones(LABELS.shape), truth, context()) for truth in truths]
    assert torch.stack(scores).mean().item() == pytest.approx(0, abs=1e-6)


def test_a_map_of_zeros_scores_zero():
    zero = torch.zeros(LABELS.shape)
    assert RegionAP().map(zero, use(1.0, 0, 0, 0), context()).item() == pytest.approx(0, abs=1e-7)
    assert RegionSpearman().map(zero, use(1.0, 0, 0, 0), context()).item() == 0


@pytest.mark.parametrize("metric", [RegionAP(), RegionSpearman()])
def test_nothing_above_the_floor_is_undefined(metric):
    assert metric.map(painted(1, 2, 3, 4), use(0.01, 0.02, 0.03, 0.04), context()).isnan().all()


def test_equal_use_everywhere_leaves_nothing_to_find():
    assert RegionAP().map(painted(1, 2, 3, 4), use(1.0, 1.0, 1.0, 1.0), context()).isnan().all()


def test_used_regions_hold_the_share_of_squared_use_above_the_floor():
    size, floor = np.array([3.0, 2.0, 1.0, 0.5]), np.full(4, 0.6)
    assert used_set(size, floor, 0.6).tolist() == [True, False, False, False]  # 9 of 14
    assert used_set(size, floor, 0.9).tolist() == [True, True, False, False]  # 13 of 14
    assert used_set(size, floor, 1.0).tolist() == [True, True, True, False]


def test_a_region_the_subject_has_no_voxel_of_does_not_count():
    """Region 5 is used but too small for the grid: painting the others right is perfect."""
    truth = use(0.3, 0.0, 0.7, 0.01, 0.9)
    assert RegionAP().map(painted(0.3, 0.0, 0.7, 0.01), truth, context()).item() == pytest.approx(1)
    assert RegionSpearman().map(painted(0.3, 0.0, 0.7, 0.01), truth, context()).item() == pytest.approx(1)


def test_regions_are_needed():
    with pytest.raises(BadInput, match="regions"):
        RegionAP().map(torch.ones(LABELS.shape), use(1.0, 0, 0, 0), Context())
