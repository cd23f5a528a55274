"""Blind spots of metrics, shown; each metric names its test."""

import math
from dataclasses import replace

import pytest
import torch
from torch import nn

from bench.contracts import Attribution, Cohort, Context, Truth

SHAPE = (4, 1, 12, 12, 12)
SUBJECTS = (0, 1, 2, 3)


def noise(seed=0, shape=SHAPE):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture
def lesion():
    """One cube of 27 voxels a subject, as a truth, and the whole grid as domain."""
    volume = torch.zeros(SHAPE)
    volume[..., 4:7, 4:7, 4:7] = 1.0
    return Truth("planted", volume=volume)


@pytest.fixture
def context(lesion):
    regions = torch.ones(SHAPE, dtype=torch.int16)
    regions[..., 6:, :, :] = 2
    regions[..., 3:] += 2
    names = ("a", "b", "c", "d")
    return Context(
        subjects=SUBJECTS, domain=torch.ones(SHAPE, dtype=torch.bool), regions=regions, region_names=names,
        truths={"counterfactual": Truth("counterfactual", volume=lesion.volume)},
    )  # fmt: skip


@pytest.mark.parametrize(
    "name", ["calibrated_ap", "average_precision", "roc_auc", "precision_at_truth", "precision_at_99_specificity"]
)
def test_rankings_of_voxels_see_no_sizes(name, shipped, lesion, context):
    """A map and any growing function of it score the same, however much of the mass moves elsewhere."""
    metric, maps = shipped(name), lesion.volume + 0.5 * noise().abs()
    assert torch.equal(metric.map(maps, lesion, context), metric.map(maps**9, lesion, context))


def test_easy_background_flatters_roc_auc(shipped, context):
    """Half of the domain marked too much around one lesion: nearly perfect to ROC AUC, next to nothing to AP."""
    volume = torch.zeros(SHAPE)
    volume[..., 5, 5, 5] = 1.0
    truth, maps = Truth("planted", volume=volume), torch.zeros(SHAPE)
    maps[..., 3:8, 3:8, 3:8] = 1.0
    assert (shipped("roc_auc").map(maps, truth, context) > 0.96).all()
    assert (shipped("average_precision").map(maps, truth, context) < 0.1).all()


def test_one_true_voxel_is_a_perfect_mass_and_beats_the_truth(shipped, lesion, context):
    single, graded = torch.zeros(SHAPE), lesion.volume * (1 + noise().abs())
    single[..., 5, 5, 5], graded[..., 5, 5, 5] = 1.0, 9.0
    metric, truth = shipped("relevance_mass"), Truth("planted", volume=graded)
    assert (metric.map(single, truth, context) == 1).all()
    assert (metric.map(graded, truth, context) < 0.95).all()


def test_pointing_sees_one_voxel_only(shipped, lesion, context):
    maps = noise().abs().clamp(max=5.0)
    maps[..., 5, 5, 5] = 6.0
    assert (shipped("pointing").map(maps, lesion, context) == 1).all()


@pytest.mark.parametrize("name", ["precision_at_truth", "precision_at_99_specificity"])
def test_precision_sees_nothing_below_its_cut(name, shipped, lesion, context):
    """All 27 foremost voxels wrong or the truth right behind them: the same score."""
    behind, lost = noise(1).abs().clamp(max=1), noise(1).abs().clamp(max=1)
    for maps in (behind, lost):
        maps[..., 0:3, 0:3, 0:3] = 9.0
    behind[lesion.volume > 0], lost[lesion.volume > 0] = 5.0, 0.0
    values = shipped(name).map(behind, lesion, context)
    assert values.isfinite().all() and torch.equal(values, shipped(name).map(lost, lesion, context))


@pytest.mark.parametrize("name", ["lesions_found", "lesions_touched"])
def test_lesions_see_nothing_beyond_the_foremost_voxels(name, shipped, lesion, context):
    maps = lesion.volume + 0.5 * noise(2).abs().clamp(max=1)
    metric = shipped(name)
    assert torch.equal(metric.map(maps, lesion, context), metric.map(lesion.volume, lesion, context))


def test_distances_see_no_sign(shipped, lesion):
    inside = torch.zeros(SHAPE, dtype=torch.bool)
    inside[..., 3:9, 3:9, 3:9] = True
    context, maps = Context(subjects=SUBJECTS, domain=inside), lesion.volume + 0.1 * noise(3).abs()
    metric = shipped("earth_movers")
    values = metric.map(maps, lesion, context)
    flipped = Truth("planted", volume=-lesion.volume)
    torch.testing.assert_close(metric.map(-maps, flipped, context), values)
    torch.testing.assert_close(metric.map(-maps, lesion, context), values)


@pytest.mark.parametrize("name", ["voxel_pearson", "voxel_spearman"])
def test_correlations_see_no_sign(name, shipped, lesion, context):
    """A map that says the opposite everywhere scores as the map does, and as if the truth were the opposite."""
    metric, maps = shipped(name), lesion.volume + 0.1 * noise(10)
    values, flipped = metric.map(maps, lesion, context), Truth("planted", volume=-lesion.volume)
    assert (values > 0.1).all()
    assert torch.equal(metric.map(-maps, lesion, context), values)
    assert torch.equal(metric.map(maps, flipped, context), values)


def test_mass_outside_sees_nothing_inside(shipped):
    inside = torch.zeros(SHAPE, dtype=torch.bool)
    inside[..., 2:10, 2:10, 2:10] = True
    maps, context = noise(4), Context(subjects=SUBJECTS, domain=inside)
    shuffled = maps.clone()
    for one in shuffled:
        one[inside[0]] = one[inside[0]].flip(0)
    metric = shipped("outside_mass")
    torch.testing.assert_close(metric.map(shuffled, None, context), metric.map(maps, None, context))


@pytest.mark.parametrize("name", ["region_ap", "region_spearman", "region_spearman_signed", "region_ndcg"])
def test_regions_see_no_place_within_them(name, shipped, context):
    """All mass of a region on one of its voxels scores as if spread evenly."""
    use = torch.tensor([[0.9, 0.05, 0.3, 0.2]]).expand(4, 4)
    spread, peaked = torch.zeros(SHAPE), torch.zeros(SHAPE)
    for r, value in enumerate(use[0], start=1):
        inside = context.regions[0] == r
        spread[:, inside] = value / inside.sum()
        peaked[:, *inside.nonzero()[0].tolist()] = value
    metric, truth = shipped(name), Truth("use", regions=use, signed=False)
    assert torch.equal(metric.map(spread, truth, context), metric.map(peaked, truth, context))


def test_sign_agreement_is_perfect_for_a_constant_where_truth_has_one_sign(shipped, context):
    maps = {"constant": Attribution(torch.ones(SHAPE))}
    values = shipped("sign_agreement").model(maps, {"constant": "sensitivity"}, None, context)["constant"]
    assert (values == 1).all()


class Rippled:
    """f(x) = <w, x> + 0.1 sum sin(k x): a trend, and ripples that a gradient follows and wide noise averages out."""

    def __init__(self, k=20.0):
        self.k, self.slope = k, noise(5, SHAPE[1:])
        self.images = noise(6)

    def score(self, x):
        return (x * self.slope + 0.1 * torch.sin(self.k * x)).flatten(1).sum(dim=1)

    def gradient(self, width):
        """Its mean under Gaussian noise of SD `width`, in closed form."""
        return self.slope + 0.1 * self.k * math.exp(-((self.k * width) ** 2) / 2) * torch.cos(self.k * self.images)

    def infidelity(self, metric, maps):
        def outputs(perturbation, row):
            moved = perturbation.draw(self.images, Context(subjects=SUBJECTS), row)
            return moved, self.score(self.images[row : row + 1]) - self.score(self.images[row] - moved)

        found = metric.model({"m": Attribution(maps)}, {"m": "sensitivity"}, outputs, Context(subjects=SUBJECTS))
        return found["m"].mean().item()


def test_gaussian_infidelity_favours_gradients_smoothed_at_its_own_width(shipped):
    """The same gradient is exact under faint noise and worse than a map of zeros under the shipped width."""
    model, metric = Rippled(), shipped("infidelity_gaussian_raw")
    exact, smooth = model.gradient(0.0), model.gradient(metric.perturbation.sd)
    faint = replace(metric, perturbation=replace(metric.perturbation, sd=0.001))
    assert model.infidelity(faint, exact) < 0.01 < model.infidelity(faint, smooth)
    assert model.infidelity(metric, smooth) < 0.5 < 1 < model.infidelity(metric, exact)
    fitted = shipped("infidelity_gaussian")
    assert model.infidelity(fitted, smooth) < 0.5 < model.infidelity(fitted, exact)


class Plain(nn.Module):
    """Two convolutions and a head that reads their mean; weights as they come, not trained."""

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv3d(1, 6, 3, padding=1), nn.ReLU(), nn.Conv3d(6, 6, 3, padding=1), nn.ReLU()
        )
        self.head = nn.Linear(6, 2)

    def forward(self, x):
        return self.head(self.features(x).mean(dim=(2, 3, 4)))


@pytest.fixture
def untrained():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        return Plain().eval()


@pytest.mark.parametrize("name", ["cascading_randomisation", "cascading_randomisation_estimated"])
def test_noise_passes_randomisation(name, shipped, untrained):
    """Noise that is new for every model says nothing of it, and passes as a map that changed completely."""

    def noisy(model, x, context):
        return noise(int(1e6 * model.head.weight.abs().sum().item()), x.shape)

    images = noise(8)
    cohort = Cohort(images=images, targets=torch.zeros(4), subjects=torch.arange(4))
    context = Context(subjects=SUBJECTS, training=lambda: cohort)
    columns = shipped(name).explainer(noisy, untrained, cohort, context)
    assert columns[""].mean().abs() < 0.05


def test_bright_lesions_reward_maps_multiplied_by_the_input_of_an_untrained_network(
    shipped, untrained, lesion, context
):
    """Nothing was learned, and gradient times input still finds the lesion, because it is bright."""
    images = (0.5 + 0.1 * noise(9) + 2 * lesion.volume).requires_grad_()
    score = untrained(images)
    (gradient,) = torch.autograd.grad((score[:, 1] - score[:, 0]).sum(), images)
    plain, multiplied = gradient.abs(), (gradient * images).abs().detach()
    metric = shipped("calibrated_ap")
    assert metric.map(plain, lesion, context).mean() < 0.2
    assert metric.map(multiplied, lesion, context).mean() > 0.5
