"""Association is zero where the pathology never acts; observer sees suppressors; both match closed forms."""

import itertools
from math import factorial

import numpy as np
import pytest
import torch

from bench.contracts import BadInput
from simulators.truths import association, observer


def _two_regions(rho, n=20000, shift=1.0, seed=0):
    """A diseased region and one without pathology whose noise correlates with it: a statistic without and with it."""
    rng = np.random.default_rng(seed)
    noise = rng.multivariate_normal([0, 0], [[1, rho], [rho, 1]], n)
    return noise, noise + np.array([shift, 0])


def _closed_form(rho):
    """Shares where d'^2 of both is a^2 / (s^2 (1 - rho^2)), of the diseased region alone a^2 / s^2."""
    both, alone = 1 / (1 - rho**2), 1.0
    return [(alone + both) / 2, (both - alone) / 2]


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.8])
def test_a_suppressor_has_the_closed_form_share_of_the_observer_and_no_association(rho):
    well, sick = _two_regions(rho)
    np.testing.assert_allclose(observer.shares(well, sick), _closed_form(rho), rtol=0.03, atol=0.01)
    found, _ = association.regions(well[..., None], sick[..., None])
    assert found[1] == 0
    assert found[0] == pytest.approx(0.7602 - 0.5, abs=0.01)  # normal distribution function at 1 / sqrt(2)


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.8])
def test_shares_of_a_known_covariance_are_the_closed_form(rho):
    """Noise whitened within the sample has exactly the covariance asked for."""
    white = np.random.default_rng(0).standard_normal((400, 2))
    white -= white.mean(0)
    white = np.linalg.solve(np.linalg.cholesky(np.cov(white.T)), white.T).T
    well = white @ np.linalg.cholesky([[1, rho], [rho, 1]]).T
    found = observer._shapley(*observer._moments(well, well + np.array([1.0, 0.0])), np.inf, 0, 100)
    np.testing.assert_allclose(found, _closed_form(rho), rtol=1e-6, atol=1e-6)


def _white(subjects, seed, regions=64):
    """White noise of which the first region is 1 SD higher with the pathology: d'^2 = 1, all of it its own."""
    rng = np.random.default_rng(seed)
    well = rng.standard_normal((subjects, regions))
    sick = well.copy()
    sick[:, 0] += 1 + 0.1 * rng.standard_normal(subjects)
    return well, sick


@pytest.mark.parametrize("seed", range(3))
def test_the_smallest_studies_see_what_there_is_to_see_and_where(seed):
    found = observer.shares(*_white(observer.subjects_seen(200, 64), seed), orders=40)
    assert found.sum() == pytest.approx(1, rel=0.1)
    assert found[0] == pytest.approx(found.sum(), rel=0.02)


def test_few_subjects_make_shares_less_certain_but_not_larger():
    """Without the correction the inverse covariance of 64 regions from 200 subjects makes them 1.5 times as large."""
    groups = [_white(200, seed) for seed in range(20)]
    sums = [observer.shares(*group, orders=10).sum() for group in groups]
    assert np.mean(sums) == pytest.approx(1, abs=0.08)
    assert np.std(sums) == pytest.approx(np.sqrt(2 / (200 - 64)), rel=0.5)
    wrong = [observer._shapley(*observer._moments(*group), np.inf, 0, 10).sum() for group in groups]
    assert np.mean(wrong) > 1.35


def test_too_few_pairs_for_the_regions_are_refused():
    assert observer.subjects_seen(20, 64) == 200
    with pytest.raises(BadInput, match=r"explain.pairs=20 is not possible: give at least 30 .* 100 regions"):
        observer.subjects_seen(20, 100)


def test_shares_equal_enumeration_over_all_coalitions():
    rng = np.random.default_rng(1)
    mixing = rng.standard_normal((4, 4))
    well = rng.standard_normal((500, 4)) @ mixing
    sick = well + rng.standard_normal((1, 4)) * [1, 1, 0, 0] + 0.1 * well**2
    difference, within = observer._moments(well, sick)

    def value(players):
        index, unbiased = list(players), (500 - len(players) - 2) / 499
        found = difference[index] @ np.linalg.solve(within[np.ix_(index, index)], difference[index]) if index else 0
        return unbiased * found

    expected = np.zeros(4)
    for i in range(4):
        others = [j for j in range(4) if j != i]
        for k in range(4):
            weight = factorial(k) * factorial(3 - k) / factorial(4)
            expected[i] += sum(weight * (value((*s, i)) - value(s)) for s in itertools.combinations(others, k))
    found = observer.shares(well, sick, orders=4000)
    np.testing.assert_allclose(found.sum(), value(range(4)), rtol=1e-6)
    np.testing.assert_allclose(found, expected, rtol=0.05, atol=0.02)


def test_quadratic_shares_see_what_only_two_regions_together_tell():
    """Patients have one of two regions changed, controls both or none: no mean differs, the covariance does."""
    rng = np.random.default_rng(2)
    noise, first, flip = 0.5 * rng.standard_normal((4000, 3)), rng.integers(0, 2, 4000), rng.integers(0, 2, 4000)
    zero = np.zeros(4000)
    sick = noise + np.stack([first, 1 - first, zero], 1)
    well = noise + np.stack([flip, flip, zero], 1)
    shares = observer.quadratic_shares(well, sick)
    assert shares[2] == pytest.approx(0, abs=0.02)
    assert min(shares[:2]) > 0.3
    assert observer.shares(well, sick).max() < 0.02


def test_regions_are_read_by_the_statistic_that_tells_most():
    rng = np.random.default_rng(3)
    well = rng.standard_normal((400, 3, 4)) * [1.0, 10.0, 1.0, 100.0]
    sick = well.copy()
    sick[:, 1, 2] += rng.choice([-1, 1], 400)  # no mean differs, and yet it changes
    sick[:, 1, 3] += 20
    assert observer.telling(well, sick, products=True) == 2


def test_a_region_told_by_its_spread_only_is_associated():
    rng = np.random.default_rng(3)
    well = rng.standard_normal((600, 1, 2))
    value, half_width = association.regions(well, well * [1.0, 3.0])
    assert value[0] > half_width[0] > 0


def test_voxel_association_is_the_mean_change_over_the_pooled_spread():
    """A change of 0.2 in one voxel of noise SD 0.1, no deformation: d' = 2 there and exactly 0 elsewhere."""
    from simulators.anatomy.mni152 import MNI152
    from simulators.truths.population import Couple

    template = MNI152(resolution_mm=8.0).template
    brain = template.maps[2] > 0.5
    voxel = tuple(np.argwhere(brain)[500])
    rng = np.random.default_rng(4)

    def couple():
        well = 0.1 * rng.standard_normal(brain.shape)
        sick = well.copy()
        sick[voxel] += 0.2
        return Couple(well, sick, brain.astype(np.int16), brain, template.points)

    field = association.voxels([couple() for _ in range(400)], template)
    assert field[voxel] == pytest.approx(2, rel=0.1)
    assert np.count_nonzero(np.abs(field) > 1e-6) == 1
    np.testing.assert_allclose(association.pulled_back(field, template.points, template), field, atol=1e-5)


@pytest.fixture(scope="module")
def shared_truths():
    from simulators.brain import Brain
    from simulators.pathology.atrophy import Atrophy

    brain = Brain(Atrophy(("left hippocampus", "right hippocampus"), edge_mm=0.0), amplitude=0.4)
    return brain, brain.population((0, 1), "evaluation", 40)


def test_only_regions_the_pathology_acts_in_are_associated(shared_truths):
    brain, truths = shared_truths
    values = dict(zip(brain.region_names, truths["association"].regions[0].tolist(), strict=True))
    assert {name for name, value in values.items() if value} == {"left hippocampus", "right hippocampus"}
    assert min(values["left hippocampus"], values["right hippocampus"]) > truths["association"].floor[0].max()
    largest = truths["observer"].regions[0].topk(2).indices.tolist()
    assert {brain.region_names[r] for r in largest} == {"left hippocampus", "right hippocampus"}


def test_associated_voxels_lie_where_tissue_is_lost_and_are_negative(shared_truths):
    brain, truths = shared_truths
    volume, cohort = truths["association"].volume, brain.cohort((0, 1))
    planted = cohort.truths["counterfactual"].volume
    strongest = volume.flatten(1).argmin(1)
    assert (planted.flatten(1).gather(1, strongest[:, None]) < 0).all()
    assert volume.flatten(1).amin(1).max() < -0.5
    hippocampi = [brain.region_names.index(f"{side} hippocampus") + 1 for side in ("left", "right")]
    outside = ~(torch.isin(cohort.regions, torch.tensor(hippocampi)) & cohort.domain)
    assert volume[outside].abs().max() == 0


@pytest.mark.full
def test_a_suppressor_of_a_shipped_simulator_has_a_share_and_no_association():
    from bench.plan import plan

    study, _ = plan.study(["study=tiny", "simulator=suppressor"])
    brain = study.make("simulators", "suppressor").with_amplitude(0.3)
    truths = brain.population((0, 1), "evaluation", 100)
    cingulate = [brain.region_names.index(f"{s} posterior cingulate cortex") for s in ("left", "right")]
    association, observed = (truths[name].regions[0] for name in ("association", "observer"))
    assert association[cingulate].abs().max() == 0
    others = [r for r in range(len(observed)) if association[r] == 0 and r not in cingulate]
    assert observed[cingulate].min() > 3 * observed[others].median()
    inside = torch.isin(brain.cohort((0, 1)).regions, torch.tensor(cingulate) + 1)
    assert truths["association"].volume[inside].abs().max() == 0


def test_a_cue_that_comes_and_goes_in_patients_and_controls_alike_does_not_choose_the_statistic():
    rng = np.random.default_rng(5)
    noise = rng.normal(size=(2000, 6, 2))
    well, sick = noise.copy(), noise.copy()
    sick[:, 0, 0] += 1.5
    # a cue in a region of its own changes the other statistic much, in as many controls as patients
    for group in (well, sick):
        group[:, 5, 1] += 20 * rng.integers(0, 2, 2000)
    assert observer.telling(well, sick, products=False) == 0
    assert observer.separation(well[..., 0], sick[..., 0]) == pytest.approx(
        observer.shares(well[..., 0], sick[..., 0]).sum()
    )
