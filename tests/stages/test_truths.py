"""The truth `use`: what a model reads in a subject, and nothing else."""

from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

from bench.contracts import BadInput, Context, Truth, Undefined
from bench.contracts.uses import called, use_model, use_others
from bench.networks.cnn import PooledCNN
from bench.networks.linear import Linear
from bench.passes.forward import forward
from bench.passes.scores import explained
from bench.stages.redraw import REDRAW, Redrawn, redraws_of
from bench.stages.use import USE, expected, halves_agree, use, validate
from metrics._shared.similarity import rank_correlation
from metrics.gain import RegionNDCG
from metrics.regions import RegionAP, RegionSpearman, SignedRegionSpearman
from simulators.brain import Brain
from simulators.pathology.atrophy import Atrophy

READ, DRAWS = "right precentral gyrus", 16


@pytest.fixture(scope="module")
def world():
    simulator = Brain(Atrophy(("left hippocampus",)), amplitude=0.3)
    cohort = simulator.cohort(range(2))
    model = Linear(simulator.shape, 2)
    region = simulator.region_names.index(READ) + 1
    # only voxels that belong to the region in every subject: the model reads it and no neighbour
    weights = (cohort.regions == region).all(0).float().flatten()
    assert weights.sum() > 0
    with torch.no_grad():
        model.readout.weight.copy_(torch.stack([torch.zeros_like(weights), weights]))
    return simulator, cohort, model, region


@pytest.fixture(scope="module")
def redraws(world):
    simulator, cohort, _, _ = world
    return redraws_of(simulator, cohort, DRAWS)


@pytest.fixture(scope="module")
def whole(world):
    """The redraws of each subject as the simulator gives them."""
    simulator, cohort, _, _ = world
    return [simulator.strata(subject, "evaluation", DRAWS) for subject in cohort.subjects.tolist()]


@pytest.fixture(scope="module")
def networks(world):
    """A linear reader of everything and a convolutional network, both with weights of chance."""
    torch.manual_seed(0)
    shape = world[0].shape
    return {"linear": Linear(shape, 2), "cnn": PooledCNN(shape, 2, pool="max")}


def plain(model, image, found, target):
    """f(x) - f(x with a region redrawn) by full passes over whole images: (R, K), with strata and chances."""
    before, after = (explained(forward(model, images), target) for images in (image[None], found.images))
    return (before - after).double().view(-1, DRAWS), found.strata, found.chances


def test_a_model_that_reads_one_healthy_region_uses_it_and_nothing_else(world, redraws):
    simulator, cohort, model, region = world
    truth = use(model, redraws, cohort, simulator.target)
    others = [r for r in range(len(simulator.region_names)) if r != region - 1]
    assert (truth.size[:, region - 1] > truth.floor.min()).all()
    assert (truth.size[:, others] <= truth.floor.min()).all()


@pytest.mark.parametrize("name", ["linear", "cnn"])
def test_changes_of_boxes_are_those_of_whole_images(world, redraws, whole, networks, name):
    simulator, cohort, _, _ = world
    truth = use(networks[name], redraws, cohort, simulator.target)
    for row in range(len(cohort)):
        value, size, error = expected(*plain(networks[name], cohort.images[row], whole[row], simulator.target))
        # what float32 can leave of a score
        rounding = float(truth.floor.min())
        near = partial(torch.allclose, rtol=1e-4, atol=rounding)
        assert near(truth.regions[row].double(), value) and near(truth.size[row].double(), size)
        assert near(truth.floor[row].double(), (2 * error).clamp(min=rounding))
        assert value.abs().max() > 5 * rounding


def test_a_mean_over_strata_is_each_ones_mean_by_its_chance():
    changes = torch.tensor([[1.0, 3.0, 10.0, 14.0], [1.0, 1.0, 1.0, 5.0]], dtype=torch.float64)
    strata, chances = torch.tensor([[0, 0, 1, 1], [0, 0, 0, 1]]), torch.tensor([[0.9, 0.1], [0.5, 0.5]]).double()
    mean, size, error = expected(changes, strata, chances)
    assert mean.tolist() == pytest.approx([0.9 * 2 + 0.1 * 12, 0.5 * 1 + 0.5 * 5])
    assert size[0].item() == pytest.approx((0.9 * 5 + 0.1 * 148) ** 0.5)
    assert error[0].item() == pytest.approx((0.9**2 * 2 / 2 + 0.1**2 * 8 / 2) ** 0.5)
    assert error[1].item() == np.inf  # nobody knows the spread of a lone draw


def test_strata_are_unbiased_and_errors_are_the_spread_of_estimates():
    """Repeated, estimates scatter about the exact mean by the error they state, and less than plain means do."""
    rng, chance, draws = np.random.default_rng(0), 0.05, 16
    rare, common = rng.normal(20, 4, (4000, 8)), rng.normal(0, 1, (4000, 8))
    strata = torch.tensor([[0] * 8 + [1] * 8]).expand(4000, -1)
    chances = torch.tensor([[1 - chance, chance]]).double().expand(4000, -1)
    mean, _, error = expected(torch.from_numpy(np.hstack([common, rare])), strata, chances)
    assert mean.mean().item() == pytest.approx(20 * chance, abs=0.02)
    assert mean.std().item() == pytest.approx(error.square().mean().sqrt().item(), rel=0.05)
    luck = np.where(
        rng.random((4000, draws)) < chance, rng.normal(20, 4, (4000, draws)), rng.normal(0, 1, (4000, draws))
    )
    assert mean.std().item() < luck.mean(1).std() / 2


@pytest.mark.parametrize("noise", [0.3, 3.0])
def test_halves_agree_as_halves_drawn_by_hand_do(noise):
    """A rare state has few draws, and either half has half of them; draws of one stratum need not stand together."""
    rng = np.random.default_rng(0)
    order, chances = rng.permutation(16), torch.tensor([[0.9, 0.1]] * 40).double()
    strata = torch.tensor([0] * 12 + [1] * 4)[order].expand(40, 16)
    changes = torch.from_numpy(rng.normal(size=(40, 1)) + 3 * strata.numpy() + noise * rng.normal(size=(40, 16)))
    first, second = ([np.flatnonzero(strata[0] == s)[start::2] for s in (0, 1)] for start in (0, 1))
    by_hand = [0.9 * changes[:, well].mean(1) + 0.1 * changes[:, ill].mean(1) for well, ill in (first, second)]
    assert halves_agree(changes, strata, chances).item() == pytest.approx(np.corrcoef(*by_hand)[0, 1])


def test_halves_of_what_is_nowhere_used_tell_nothing():
    strata = torch.zeros(5, 4, dtype=torch.long)
    assert halves_agree(torch.zeros(5, 4).double(), strata, torch.ones(5, 1).double()).isnan()


def test_a_network_that_says_nan_of_some_subjects_is_refused_by_their_names(world, redraws):
    """Else one of them would leave every subject without a clearly used region, and so say it."""
    simulator, cohort, _, _ = world
    level = cohort.images.flatten(1).mean(1)

    class Breaks(torch.nn.Module):
        def forward(self, x):
            score = x.flatten(1).mean(1)
            score = torch.where((score - level[0]).abs() < 1e-9, torch.nan, score)
            return torch.stack([-score, score], 1)

    with pytest.raises(Undefined, match=rf"not finite for subjects \[{cohort.subjects[0]}\] or redraws"):
        use(Breaks(), redraws, cohort, simulator.target)


def test_used_regions_are_larger_than_unused_ones_and_the_rest_is_unclear():
    value = np.array([1.0, -0.5, 0.12, 0.3, 0.05, 0.0, 0.9])
    floor = np.array([0.2, 0.1, 0.05, 0.4, 0.02, 0.3, np.inf])
    calls = called(value, floor)
    assert calls.used.tolist() == [True, True, False, False, False, False, False]
    assert calls.unused.tolist() == [False, False, False, False, True, False, False]
    rng = np.random.default_rng(1)
    values, floors = rng.normal(size=(500, 12)), rng.random((500, 12))
    for v, used, unused in zip(values, *called(values, floors), strict=True):
        assert not (used & unused).any()
        assert np.abs(v[used]).min(initial=9) > np.abs(v[unused]).max(initial=0)


def test_a_constant_model_uses_nothing(world, redraws):
    simulator, cohort, _, _ = world

    class Constant(nn.Module):
        def forward(self, x):
            return torch.ones(len(x), 2) * torch.tensor([1.0, 2.0])

    truth = use(Constant(), redraws, cohort, simulator.target)
    assert not called(truth.regions.numpy(), truth.floor.numpy()).used.any()


@pytest.mark.parametrize(("draws", "least"), [(DRAWS, 0.999), pytest.param(4 * DRAWS, 0.93, marks=pytest.mark.full)])
def test_exact_contributions_of_a_linear_model_are_its_use(world, redraws, networks, draws, least):
    """w . (x - E x') by region: right where the expectation is over the same draws, and nearly so over others.

    Sizes of use within its error have ranks by luck: over other draws they agree as their stated errors let them.
    """
    simulator, cohort, _, _ = world
    model = networks["linear"]
    truth = use(model, redraws, cohort, simulator.target)
    own = model.readout.weight.detach()
    slope = ((own[1] - own[0]) / model.spread).view(simulator.shape)
    exact = slope * (cohort.images - means(redraws_of(simulator, cohort, draws), cohort))
    context = Context(regions=cohort.regions, region_names=cohort.region_names, quantity="contribution")
    sizes = least if draws == DRAWS else agreement_of_ranks(truth, error=(1 - DRAWS / draws) ** 0.5)
    for metric in (RegionAP(), RegionNDCG(), RegionSpearman(), SignedRegionSpearman()):
        found = metric.map(exact, truth, context)
        assert found.isfinite().all() and found.mean() >= (sizes if metric == RegionSpearman() else least), metric
    # absolute values before the sum count what cancels
    assert RegionSpearman().map(exact.abs(), truth, context).mean() < 0.9


def agreement_of_ranks(truth, error):
    """Rank correlation of sizes of use with those found from draws that hold these, below which one in 100 lies.

    error: SD of the difference of the two, in standard errors of these draws: of K among L draws, sqrt(1 - K / L).
    """
    rng, use, spread = np.random.default_rng(0), truth.regions.numpy(), error * truth.floor.numpy() / 2
    others = [use + spread * rng.standard_normal(use.shape) for _ in range(300)]
    found = [[rank_correlation(np.abs(a), np.abs(b)) for a, b in zip(use, o, strict=True)] for o in others]
    return np.quantile(np.mean(found, axis=1), 0.01)


def means(found, cohort):
    """The expected redrawn image (N, 1, D, H, W): every region as it is on average over its strata."""
    images = cohort.images.clone()
    for row in range(len(cohort)):
        for region, change in enumerate(found.changes(row, cohort.images[row])):
            strata, chances = found.strata[row, region], found.chances[row, region]
            weights = torch.stack([chances[s] / (strata == s).sum() for s in strata.tolist()]).float()
            (d0, h0, w0), (d1, h1, w1) = change.box.tolist()
            box = images[row, :, d0:d1, h0:h1, w0:w1]
            inside = cohort.regions[row, :, d0:d1, h0:h1, w0:w1] == region + 1
            box[inside] = torch.einsum("k,kcdhw->cdhw", weights, change.content)[inside]
    return images


def test_the_redraw_mean_is_every_region_as_it_is_on_average(world, redraws):
    _, cohort, _, _ = world
    wanted = means(redraws, cohort)
    assert (wanted - cohort.images).abs().amax((1, 2, 3, 4)).min() > 0.1
    for row, (image, labels) in enumerate(zip(cohort.images, cohort.regions, strict=True)):
        torch.testing.assert_close(redraws.mean(row, image, labels), wanted[row], rtol=0, atol=1e-6)


def test_a_stratum_without_draws_counts_as_the_image_itself():
    """Two voxels of a region at 1, drawn as 3 and 5 in a stratum of chance 1/2; of the other nothing is known."""
    drawn = Redrawn(
        torch.tensor([[2]]), torch.tensor([0, 1]).int(), torch.tensor([3.0, 3, 5, 5]), torch.zeros(1, 1, 2).long(),
        torch.tensor([[[0.5, 0.5]]]).double(),
    )  # fmt: skip
    image, labels = torch.ones(1, 1, 1, 3), torch.tensor([[[[1, 1, 0]]]])
    assert drawn.mean(0, image, labels).flatten().tolist() == [2.5, 2.5, 1]
    assert drawn.mean(0, image, 0 * labels).flatten().tolist() == [1, 1, 1], "voxels of no region are kept"


def test_the_use_of_a_model_is_over_its_subjects():
    size = torch.tensor([[3.0, 0.0], [4.0, 2.0]])
    pooled = use_model(Truth("use", regions=-size, size=size))
    assert pooled.regions.tolist() == [pytest.approx([12.5**0.5, 2**0.5])] * 2


def test_the_use_of_others_is_the_mean_over_the_other_patients():
    regions = torch.randn(5, 3, generator=torch.Generator().manual_seed(0))
    patients = torch.tensor([True, False, True, True, False])
    found = use_others(Truth("use", regions=regions), patients).regions
    for subject in range(5):
        others = [other for other in (0, 2, 3) if other != subject]
        torch.testing.assert_close(found[subject], regions[others].mean(0))
    alone = use_others(Truth("use", regions=regions), torch.tensor([True] + [False] * 4)).regions
    assert (alone[0] == 0).all() and torch.equal(alone[1], regions[0])


def test_write_and_read_agree(world, redraws, tmp_path):
    simulator, cohort, model, _ = world
    truth = use(model, redraws, cohort, simulator.target)
    USE.write(tmp_path, truth)
    again = USE.read(tmp_path, None, None)
    for part in ("regions", "floor", "size", "agreement"):
        assert torch.equal(getattr(again, part), getattr(truth, part))


def test_kept_redraws_are_the_simulators_own_to_the_bit(world, redraws, whole, tmp_path):
    _, cohort, _, _ = world
    REDRAW.write(tmp_path, redraws)
    kept = REDRAW.read(tmp_path, None, None)
    for row, found in enumerate(whole):
        assert torch.equal(kept.strata[row], found.strata) and torch.equal(kept.chances[row], found.chances)
        images = found.images.unflatten(0, (-1, DRAWS))
        for region, change in enumerate(kept.changes(row, cohort.images[row])):
            pasted = cohort.images[row].expand_as(images[region]).clone()
            (d0, h0, w0), (d1, h1, w1) = change.box.tolist()
            pasted[:, :, d0:d1, h0:h1, w0:w1] = change.content
            assert torch.equal(pasted, images[region])


def test_too_few_draws_or_too_many_subjects_are_refused(world):
    simulator, cohort, _, _ = world
    with pytest.raises(BadInput, match=r"use\.draws=3"):
        redraws_of(simulator, cohort, 3)
    with pytest.raises(BadInput, match=r"use\.subjects=5"):
        validate(5, 4)
