"""What each metric cannot see, shown: the table of metrics/README.md names these tests."""

import math

import pytest
import torch
from torch import nn

from bench.contracts import Attribution, Cohort, Context, Truth
from metrics.infidelity import Infidelity, InfidelityRank
from metrics.lesions import LesionsFound
from metrics.movers import EarthMovers
from metrics.outside import OutsideMass
from metrics.overlap import AveragePrecision, CalibratedAP, RelevanceMass, RocAuc
from metrics.perturbations import GaussianNoise, Patch
from metrics.pointing import Pointing
from metrics.precision import PrecisionAtTruth
from metrics.randomisation import CascadingRandomisation
from metrics.randomisation_estimated import EstimatedRandomisation
from metrics.regions import RegionAP, RegionSpearman
from metrics.sign import SignAgreement

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


@pytest.mark.parametrize("metric", [CalibratedAP(), AveragePrecision(), RocAuc(), PrecisionAtTruth()], ids=repr)
def test_rankings_of_voxels_see_no_sizes(metric, lesion, context):
    """A map and any growing function of it score the same, however much of the mass moves elsewhere."""
    maps = lesion.volume + 0.5 * noise().abs()
    assert torch.equal(metric.map(maps, lesion, context), metric.map(maps**9, lesion, context))


def test_easy_background_flatters_roc_auc(context):
    """Half of the domain marked too much around one lesion: nearly perfect to ROC AUC, next to nothing to AP."""
    volume = torch.zeros(SHAPE)
    volume[..., 5, 5, 5] = 1.0
    truth, maps = Truth("planted", volume=volume), torch.zeros(SHAPE)
    maps[..., 3:8, 3:8, 3:8] = 1.0
    assert (RocAuc().map(maps, truth, context) > 0.96).all()
    assert (AveragePrecision().map(maps, truth, context) < 0.1).all()


def test_one_true_voxel_is_a_perfect_mass_and_beats_the_truth(lesion, context):
    single, graded = torch.zeros(SHAPE), lesion.volume * (1 + noise().abs())
    single[..., 5, 5, 5] = 1.0
    truth = Truth("planted", volume=graded)
    kept = graded[:, :, 5, 5, 5].amin() > 0
    assert kept and (RelevanceMass(q=0.999).map(single, truth, context) == 1).all()
    assert (RelevanceMass(q=0.5).map(graded, truth, context) < 0.8).all()


def test_pointing_sees_one_voxel_only(lesion, context):
    maps = noise().abs().clamp(max=5.0)
    maps[..., 5, 5, 5] = 6.0
    assert (Pointing(tolerance_mm=0.0).map(maps, lesion, context) == 1).all()


def test_precision_sees_nothing_below_its_cut(lesion, context):
    """All 27 foremost voxels wrong or the truth right behind them: the same score."""
    behind, lost = noise(1).abs().clamp(max=1), noise(1).abs().clamp(max=1)
    for maps in (behind, lost):
        maps[..., 0:3, 0:3, 0:3] = 9.0
    behind[lesion.volume > 0], lost[lesion.volume > 0] = 5.0, 0.0
    metric = PrecisionAtTruth()
    assert torch.equal(metric.map(behind, lesion, context), metric.map(lost, lesion, context))


def test_lesions_see_nothing_beyond_the_foremost_voxels(lesion, context):
    maps = lesion.volume + 0.5 * noise(2).abs().clamp(max=1)
    metric = LesionsFound()
    assert torch.equal(metric.map(maps, lesion, context), metric.map(lesion.volume, lesion, context))


def test_distances_see_no_sign(lesion):
    inside = torch.zeros(SHAPE, dtype=torch.bool)
    inside[..., 3:9, 3:9, 3:9] = True
    context, maps = Context(subjects=SUBJECTS, domain=inside), lesion.volume + 0.1 * noise(3).abs()
    values = EarthMovers().map(maps, lesion, context)
    flipped = Truth("planted", volume=-lesion.volume)
    torch.testing.assert_close(EarthMovers().map(-maps, flipped, context), values)
    torch.testing.assert_close(EarthMovers().map(-maps, lesion, context), values)


def test_mass_outside_sees_nothing_inside():
    inside = torch.zeros(SHAPE, dtype=torch.bool)
    inside[..., 2:10, 2:10, 2:10] = True
    maps, context = noise(4), Context(subjects=SUBJECTS, domain=inside)
    shuffled = maps.clone()
    for one in shuffled:
        one[inside[0]] = one[inside[0]].flip(0)
    torch.testing.assert_close(OutsideMass().map(shuffled, None, context), OutsideMass().map(maps, None, context))


@pytest.mark.parametrize("metric", [RegionAP(), RegionSpearman()], ids=repr)
def test_regions_see_no_place_within_them(metric, context):
    """All mass of a region on one of its voxels scores as if spread evenly."""
    use = torch.tensor([[0.9, 0.1, 0.3, 0.2]]).expand(4, 4)
    spread, peaked = torch.zeros(SHAPE), torch.zeros(SHAPE)
    for r, value in enumerate(use[0], start=1):
        inside = context.regions[0] == r
        spread[:, inside] = value / inside.sum()
        peaked[:, *inside.nonzero()[0].tolist()] = value
    truth = Truth("use", regions=use, signed=False)
    assert torch.equal(metric.map(spread, truth, context), metric.map(peaked, truth, context))


def test_sign_agreement_is_perfect_for_a_constant_where_truth_has_one_sign(context):
    maps = {"constant": Attribution(torch.ones(SHAPE))}
    values = SignAgreement().model(maps, {"constant": "sensitivity"}, None, context)["constant"]
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

    def infidelity(self, maps, sd):
        metric = Infidelity(GaussianNoise(sd=sd, count=100), scaling="none")

        def outputs(perturbation, row):
            moved = perturbation.draw(self.images, Context(subjects=SUBJECTS), row)
            return moved, self.score(self.images[row : row + 1]) - self.score(self.images[row] - moved)

        found = metric.model({"m": Attribution(maps)}, {"m": "sensitivity"}, outputs, Context(subjects=SUBJECTS))
        return found["m"].mean().item()


def test_gaussian_infidelity_favours_gradients_smoothed_at_its_own_width():
    """The same gradient is exact under faint noise and worse than a map of zeros under the shipped width."""
    model = Rippled()
    raw, smooth = model.gradient(0.0), model.gradient(0.2)
    assert model.infidelity(raw, sd=0.001) < 0.01 < model.infidelity(smooth, sd=0.001)
    assert model.infidelity(smooth, sd=0.2) < 0.5 < 1 < model.infidelity(raw, sd=0.2)


def test_rank_correlation_of_patches_rewards_a_constant_map():
    """Patches cut by the edge are smaller and change the score less: a constant map ranks by size alone."""
    images, slope = noise(7).abs() + 1, torch.ones(SHAPE[1:])

    def outputs(perturbation, row):
        moved = perturbation.draw(images, Context(subjects=SUBJECTS), row)
        return moved, (moved * slope).flatten(1).sum(dim=1)

    maps = {"constant": Attribution(torch.full(SHAPE, 2.0))}
    metric = InfidelityRank(Patch(size=4, fill="zero", count=64))
    assert (metric.model(maps, {}, outputs, Context(subjects=SUBJECTS))["constant"] > 0.8).all()


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


@pytest.mark.parametrize("metric", [CascadingRandomisation(draws=2), EstimatedRandomisation(draws=2)], ids=repr)
def test_noise_passes_randomisation(metric, untrained):
    """Noise that is new for every model says nothing of it, and passes as a map that changed completely."""

    def noisy(model, x, context):
        return noise(int(1e6 * model.head.weight.abs().sum().item()), x.shape)

    images = noise(8)
    cohort = Cohort(images=images, targets=torch.zeros(4), subjects=torch.arange(4))
    columns = metric.explainer(noisy, untrained, cohort, Context(subjects=SUBJECTS))
    assert columns[""].mean().abs() < 0.05


def test_bright_lesions_reward_maps_multiplied_by_the_input_of_an_untrained_network(untrained, lesion, context):
    """Nothing was learned, and gradient times input still finds the lesion, because it is bright."""
    images = (0.5 + 0.1 * noise(9) + 2 * lesion.volume).requires_grad_()
    score = untrained(images)
    (gradient,) = torch.autograd.grad((score[:, 1] - score[:, 0]).sum(), images)
    plain, multiplied = gradient.abs(), (gradient * images).abs().detach()
    assert CalibratedAP().map(plain, lesion, context).mean() < 0.2
    assert CalibratedAP().map(multiplied, lesion, context).mean() > 0.5
