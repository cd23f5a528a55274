"""Region occlusion, Shapley values, KernelSHAP and LIME: closed forms, laws of games and naive twins, in float64."""

from dataclasses import replace
from itertools import permutations

import pytest
import torch
from captum.attr import FeatureAblation

from bench.checks.method_probe import Plain, SmallLinear, probes, randomised
from bench.contracts import BadInput, Context, Undefined
from bench.passes import count_passes, explained
from methods._shared.players import painted, regions_of
from methods.kernel_shap import KernelSHAP
from methods.lime import LIME
from methods.region_occlusion import RegionOcclusion
from methods.shapley import Shapley, exact

IMAGES = probes()[0].images[:2].double()
MODEL = randomised(Plain(), 0).double()
LINEAR = randomised(SmallLinear(), 0).double()


def atlas(count, seed=0):
    """Labels 0 to count, scattered: regions need not hang together."""
    return torch.randint(count + 1, IMAGES.shape, generator=torch.Generator().manual_seed(seed))


def sums(maps, labels):
    """A map's sum over each region (N, R)."""
    return torch.stack([(maps * (labels == r)).flatten(1).sum(1) for r in range(1, int(labels.max()) + 1)], 1).double()


def covered(image, labels, present, fill):
    """The image with the regions outside `present` filled."""
    hidden = torch.tensor([r + 1 for r in range(int(labels.max())) if r not in present])
    return torch.where(torch.isin(labels, hidden), fill, image)


def score(image):
    return explained(MODEL(torch.stack([image, image])), (1, 0))[0].item()


def by_orders(image, labels, fill, players):
    """Shapley values as the mean rise over all orders."""
    total = torch.zeros(players).double()
    orders = list(permutations(range(players)))
    known = {}

    def value(present):
        key = frozenset(present)
        if key not in known:
            known[key] = score(covered(image, labels, key, fill))
        return known[key]

    for order in orders:
        for turn, player in enumerate(order):
            total[player] += value(order[: turn + 1]) - value(order[:turn])
    return total / len(orders)


EXACT_METHODS = [Shapley(fill=0.3), KernelSHAP(fill=0.3), KernelSHAP(samples=2**5 - 2, fill=0.3)]


@pytest.mark.parametrize("method", EXACT_METHODS, ids=repr)
def test_with_all_coalitions_they_are_the_mean_over_all_orders(method):
    labels = atlas(5)
    found = sums(method(MODEL, IMAGES, (1, 0), Context(regions=labels)), labels)
    for row, image in enumerate(IMAGES):
        torch.testing.assert_close(found[row], by_orders(image, labels[row], 0.3, 5), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("fill", ["zero", "mean", "blur", "noise", 1.5])
@pytest.mark.parametrize("count", [1, 7, 15])
@pytest.mark.parametrize("method", [Shapley, KernelSHAP])
def test_the_map_sums_to_the_fall_of_the_score(method, count, fill):
    """Efficiency, exact also where coalitions are sampled."""
    labels, context = atlas(count), Context(regions=atlas(count), domain=IMAGES > 0)
    found = sums(method(fill=fill)(MODEL, IMAGES, (1, 0), context), labels).sum(1)
    if count == 1:
        expected = sums(RegionOcclusion(fill)(MODEL, IMAGES, (1, 0), context), labels).sum(1)
    else:
        whole = Context(regions=(labels > 0).long(), domain=context.domain)
        expected = RegionOcclusion(fill)(MODEL, IMAGES, (1, 0), whole).flatten(1).sum(1).double()
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("count", [6, 14])
@pytest.mark.parametrize(
    "method",
    [RegionOcclusion(0.3), Shapley(fill=0.3), KernelSHAP(fill=0.3), LIME(1024, ridge=1e-9, fill=0.3)],
    ids=repr,
)
def test_on_a_linear_model_each_region_has_its_own_part(method, count):
    """sum of w (x - b) over the region; an additive game leaves sampling no error."""
    labels = atlas(count)
    weight = (LINEAR.head.weight[1] - LINEAR.head.weight[0]).detach().reshape(1, *IMAGES.shape[1:])
    found = sums(method(LINEAR, IMAGES, (1, 0), Context(regions=labels)), labels)
    torch.testing.assert_close(found, sums(weight * (IMAGES - 0.3), labels), rtol=1e-4, atol=1e-5)


def test_region_occlusion_is_feature_ablation():
    labels = atlas(6)
    expected = FeatureAblation(MODEL).attribute(IMAGES, baselines=0.3, target=1, feature_mask=labels)
    sizes = torch.stack([row.bincount(minlength=7) for row in labels.flatten(1)]).gather(1, labels.flatten(1))
    found = RegionOcclusion(0.3)(MODEL, IMAGES, 1, Context(regions=labels)) * sizes.reshape(labels.shape)
    torch.testing.assert_close(found, (expected * (labels > 0)).double(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("method", [Shapley(fill=0.0), KernelSHAP(), Shapley(4)], ids=repr)
@pytest.mark.parametrize("count", [6, 14])
def test_a_region_that_holds_its_fill_is_a_dummy(method, count):
    labels = atlas(count)
    image = IMAGES.where(labels != 3, 0.0)
    found = sums(method(MODEL, image, (1, 0), Context(regions=labels)), labels)
    if count == 6 or isinstance(method, Shapley):
        torch.testing.assert_close(found[:, 2], torch.zeros(2).double(), rtol=0, atol=1e-6 * found.abs().max().item())


@pytest.mark.parametrize("method", [Shapley(), KernelSHAP(), LIME()], ids=repr)
def test_mirrored_regions_of_a_mirrored_image_are_alike(method):
    """Symmetry: on a network that cannot tell left from right, the halves of a symmetric image have one value."""
    model = randomised(Plain(), 0).double()
    with torch.no_grad():
        for conv in (model.conv1, model.conv2):
            conv.weight.copy_((conv.weight + conv.weight.flip(4)) / 2)
    labels = torch.zeros_like(IMAGES, dtype=torch.long)
    labels[..., 2:4], labels[..., 4:6], labels[:, :, :3, :, ::7] = 1, 2, 3
    found = sums(method(model, IMAGES + IMAGES.flip(4), (1, 0), Context(regions=labels)), labels)
    torch.testing.assert_close(found[:, 0], found[:, 1], rtol=1e-5, atol=1e-6)
    assert (found[:, 0] - found[:, 2]).abs().min() > 1e-3


class Table:
    """A game given by its table of scores."""

    def __init__(self, size, seed=0):
        self.size = size
        self.bits = 2 ** torch.arange(size)
        self.scores = torch.randn(2**size, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)

    def value(self, present):
        return self.scores[-1], self.scores[(present * self.bits).sum(1)]


def test_sampled_shapley_values_converge_at_one_over_the_root():
    game = Table(6)
    true, errors = exact(game), []
    for permutations_ in (16, 256):
        draws = [Shapley(permutations_)._sampled(game, torch.Generator().manual_seed(seed)) for seed in range(60)]
        errors.append((torch.stack(draws) - true).square().mean().sqrt())
        bias = (torch.stack(draws).mean(0) - true).abs().max()
        assert bias < 4 * errors[-1] / 60**0.5
    assert errors[0] / errors[1] == pytest.approx(4, rel=0.15)


def test_sampled_kernel_shap_comes_closer_with_samples():
    labels, true = atlas(8), None
    errors = []
    for samples in (32, 128, 254):
        method = KernelSHAP(samples, fill=0.3)
        found = sums(method(MODEL, IMAGES, (1, 0), Context(regions=labels)), labels)
        true = sums(Shapley(fill=0.3)(MODEL, IMAGES, (1, 0), Context(regions=labels)), labels) if true is None else true
        errors.append((found - true).abs().max().item())
    assert errors[0] > errors[1] > errors[2] and errors[2] < 1e-5


def test_lime_is_its_definition():
    labels = atlas(4)
    method = LIME(samples=15, width=0.4, ridge=0.05, fill=0.3)
    found = sums(method(MODEL, IMAGES, (1, 0), Context(regions=labels)), labels)
    present = torch.tensor([[(n >> r) & 1 for r in range(4)] for n in range(16)]).double()
    distance = 1 - torch.cosine_similarity(present, torch.ones(4).double())
    weights = torch.exp(-(distance**2) / 0.4**2)
    for row, image in enumerate(IMAGES):
        members = [{r for r in range(4) if z[r]} for z in present]
        scores = torch.tensor([score(covered(image, labels[row], m, 0.3)) for m in members]).double()
        theta = torch.zeros(5).double().requires_grad_()
        fit = torch.optim.LBFGS([theta], lr=1, max_iter=200, tolerance_grad=1e-14, tolerance_change=1e-16)

        def loss(scores=scores, theta=theta):
            miss = scores - theta[0] - present @ theta[1:]
            return (weights * miss**2).sum() + 0.05 * weights.sum() * (theta[1:] ** 2).sum()

        def step(loss=loss, fit=fit):
            fit.zero_grad()
            value = loss()
            value.backward()
            return value

        fit.step(step)
        torch.testing.assert_close(found[row], theta[1:].detach(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("method", [RegionOcclusion(), Shapley(6), KernelSHAP(64), LIME(50)], ids=repr)
@pytest.mark.parametrize("count", [3, 14])
def test_one_pass_a_coalition(method, count):
    with count_passes(MODEL) as passes:
        method(MODEL, IMAGES[:1], 0, Context(regions=atlas(count)[:1]))
    assert passes.forward == (method.passes(count) if hasattr(method, "passes") else 1 + count)


def test_voxels_of_no_region_have_nothing_and_absent_regions_are_no_fault():
    labels = atlas(4)
    labels[labels == 2] = 0
    for method in (RegionOcclusion(), Shapley(), KernelSHAP(), LIME()):
        found = method(MODEL, IMAGES, 0, Context(regions=labels.to(torch.int16)))
        assert (found[labels == 0] == 0).all() and found.isfinite().all() and found.abs().sum() > 0
    assert painted(torch.tensor([2.0, 5.0, 9.0]), torch.tensor([[[[1, 1, 3, 0]]]])).flatten().tolist() == [1, 1, 9, 0]


@pytest.mark.parametrize("method", [RegionOcclusion(), Shapley(), KernelSHAP(), LIME()], ids=repr)
def test_values_are_painted_in_the_domain_where_metrics_sum_them(method):
    """What is covered is the whole region, and its value is not thinned by voxels that no metric looks at."""
    labels, domain = atlas(5), torch.rand(IMAGES.shape, generator=torch.Generator().manual_seed(1)) > 0.4
    known = Context(subjects=(0, 1), regions=labels)
    whole = method(MODEL, IMAGES, (1, 0), known)
    within = method(MODEL, IMAGES, (1, 0), replace(known, domain=domain))
    assert (within[~domain] == 0).all()
    torch.testing.assert_close(sums(within, labels * domain), sums(whole, labels))


@pytest.mark.parametrize("method", [RegionOcclusion(), Shapley(), KernelSHAP(), LIME()])
def test_a_subject_without_any_region_has_no_map(method):
    labels = atlas(3)
    labels[1] = 0
    with pytest.raises(Undefined, match="subject 7 has no labelled region"):
        method(MODEL, IMAGES, 0, Context(subjects=(4, 7), regions=labels))


def test_one_region_has_its_whole_effect_or_no_value():
    """The penalty of LIME outweighs the one coalition it is told by, so that its coefficient says nothing."""
    labels = torch.ones_like(IMAGES, dtype=torch.long)
    fall = explained(MODEL(IMAGES) - MODEL(0 * IMAGES), 0).detach()
    for method in (RegionOcclusion(), Shapley(), KernelSHAP()):
        found = method(MODEL, IMAGES, 0, Context(regions=labels)).flatten(1).sum(1)
        torch.testing.assert_close(found, fall)
    with pytest.raises(Undefined, match="two or more regions"):
        LIME()(MODEL, IMAGES, 0, Context(regions=labels))


def test_without_regions_the_image_is_cut_in_equal_blocks():
    labels = regions_of(IMAGES, Context(), 2)
    assert labels.unique().tolist() == list(range(1, 9))
    assert labels[0].flatten().bincount().tolist() == [0] + [IMAGES[0].numel() // 8] * 8


def test_fewer_samples_than_tell_the_regions_apart_are_refused():
    with pytest.raises(BadInput, match=r"KernelSHAP.samples=20 is not possible: give at least 28 for 14 regions"):
        KernelSHAP(20)(MODEL, IMAGES, 0, Context(regions=atlas(14)))
