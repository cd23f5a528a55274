"""Region agreement: mass, the used regions, and what a volume ranking scores."""

import pytest
import torch

from bench.contracts import BadInput, Context, Truth
from bench.contracts.data import spread_of
from metrics._shared.ranking import chance_average_precision
from metrics.gain import RegionNDCG
from metrics.regions import RegionAP, RegionSpearman, SignedRegionSpearman, region_mass

LABELS = torch.tensor([0, 1, 1, 1, 1, 2, 2, 2, 3, 3, 4, 0], dtype=torch.int16).reshape(1, 1, 3, 2, 2)


def context(n=1, **known):
    return Context(regions=LABELS.expand(n, *LABELS.shape[1:]), **known)


def use(*values, floor=0.01):
    regions = torch.tensor([values])
    return Truth("use", regions=regions, floor=torch.full_like(regions, floor))


def painted(*values):
    """A map whose mass in region r is values[r - 1]."""
    density = torch.tensor([9.0, *(v / c for v, c in zip(values, (4, 3, 2, 1), strict=True))])
    return density[LABELS.long()]


def test_mass_is_the_sum_over_a_region_and_zero_for_an_absent_one():
    mass = region_mass(torch.arange(12.0).reshape(LABELS.shape), LABELS, 5)
    assert mass.tolist() == [[10.0, 18.0, 17.0, 10.0, 0.0]]


@pytest.mark.parametrize("metric", [RegionAP(), RegionNDCG(), RegionSpearman(), SignedRegionSpearman()])
def test_the_use_itself_is_perfect(metric):
    truth = use(0.3, 0.0, -0.7, 0.01)
    assert metric.map(painted(0.3, 0.0, -0.7, 0.01), truth, context()).item() == pytest.approx(1)


def test_only_the_signed_correlation_sees_the_sign():
    truth, maps = use(0.3, 0.0, -0.7, 0.01), painted(0.3, 0.0, 0.7, 0.01)
    assert RegionAP().map(maps, truth, context()).item() == pytest.approx(1)
    assert RegionSpearman().map(maps, truth, context()).item() == pytest.approx(1)
    assert SignedRegionSpearman().map(maps, truth, context()).item() < 0.5


def test_what_cancels_within_a_region_cancels_in_its_mass():
    """Two voxels of +5 and -5 are nothing for the score of a linear model, however large the map is there."""
    maps = painted(0.3, 0.0, 0.7, 0.01)
    maps.view(-1)[[1, 5]] += torch.tensor([0.0, 5.0])
    maps.view(-1)[6] -= 5.0
    truth = use(0.3, 0.0, 0.7, 0.01)
    assert RegionAP().map(maps, truth, context()).item() == pytest.approx(1)
    assert RegionAP().map(maps.abs(), truth, context()).item() < 0.5


def test_a_slope_counts_times_the_spread_of_its_voxel():
    """Equal slopes: regions rank by how much their voxels vary, as what is used does; without spread it is refused."""
    truth, even = use(0.0, 0.0, 0.0, 1.0), torch.ones(LABELS.shape)
    slopes = context(quantity="sensitivity", spread=(LABELS == 4).float())
    assert RegionAP().map(even, truth, slopes).item() == pytest.approx(1)
    assert RegionAP().map(even, truth, context()).item() < 0
    assert RegionAP().map(even, truth, context(quantity="contribution", spread=slopes.spread)).item() < 0
    with pytest.raises(BadInput, match="spread"):
        RegionAP().map(even, truth, context(quantity="sensitivity"))


def test_the_spread_of_a_voxel_is_that_between_the_other_subjects():
    """A subject's own lesion says nothing of how its voxels vary; the twin takes the others one by one."""
    images = torch.randn(5, 1, 3, 2, 2, generator=torch.Generator().manual_seed(0))
    others = [images[torch.arange(5) != row].std(0) for row in range(5)]
    torch.testing.assert_close(spread_of(images), torch.stack(others))
    marked = images.clone()
    marked[2, 0, 1, 1, 0] += 100
    torch.testing.assert_close(spread_of(marked)[2], others[2], rtol=0, atol=1e-3)
    assert spread_of(marked)[0, 0, 1, 1, 0] > 10


def test_the_spread_of_other_images_is_refused():
    slopes = context(quantity="sensitivity", spread=torch.ones(2, *LABELS.shape[1:]))
    with pytest.raises(BadInput, match="the spread of voxels has shape"):
        RegionAP().map(torch.ones(LABELS.shape), use(0.0, 0.0, 0.0, 1.0), slopes)


@pytest.mark.parametrize("metric", [RegionAP(), RegionNDCG()])
def test_a_region_that_is_unclear_does_not_count(metric):
    """Of 0.3 with an error of 0.4 nobody knows whether it is used: its mass changes no score."""
    truth = use(1.0, 0.3, 0.0, 0.01)
    truth.floor[0, 1] = 0.4
    scores = {metric.map(painted(1.0, mass, 0.0, 0.01), truth, context()).item() for mass in (0.0, 0.5, 9.0)}
    assert len(scores) == 1 and scores.pop() == pytest.approx(1)


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


@pytest.mark.parametrize("metric", [RegionAP(), RegionNDCG(), RegionSpearman(), SignedRegionSpearman()])
def test_no_clearly_used_region_is_undefined(metric):
    assert metric.map(painted(1, 2, 3, 4), use(0.01, 0.02, 0.03, 0.04, floor=0.1), context()).isnan().all()


def test_equal_use_everywhere_leaves_nothing_to_find():
    assert RegionAP().map(painted(1, 2, 3, 4), use(1.0, 1.0, 1.0, 1.0), context()).isnan().all()


def test_a_region_the_subject_has_no_voxel_of_does_not_count():
    """Region 5 is used but too small for the grid: painting the others right is perfect."""
    truth = use(0.3, 0.0, 0.7, 0.01, 0.9)
    assert RegionAP().map(painted(0.3, 0.0, 0.7, 0.01), truth, context()).item() == pytest.approx(1)
    assert RegionSpearman().map(painted(0.3, 0.0, 0.7, 0.01), truth, context()).item() == pytest.approx(1)


def test_regions_are_needed():
    with pytest.raises(BadInput, match="regions"):
        RegionAP().map(torch.ones(LABELS.shape), use(1.0, 0, 0, 0), Context())


@pytest.mark.parametrize("metric", [RegionAP(), RegionNDCG(), RegionSpearman(), SignedRegionSpearman()])
def test_labelled_voxels_outside_the_domain_do_not_count(metric):
    """A region's own voxels count in the domain alone, and one without any there is not the subject's."""
    truth, maps, domain = use(0.3, 0.0, 0.7, 0.9), painted(0.3, 0.0, 0.7, 0.9), LABELS != 4
    domain.view(-1)[5] = False
    maps.view(-1)[5] += 100.0
    assert metric.map(maps, truth, context(domain=domain)).item() == pytest.approx(1)
    maps.view(-1)[6] += 100.0
    assert metric.map(maps, truth, context(domain=domain)).item() < 0.9
