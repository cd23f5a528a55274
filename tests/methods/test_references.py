"""Smooth noise, variograms, group statistics and swaps, each against its definition."""

import numpy as np
import pytest
import torch
from scipy import stats
from scipy.ndimage import gaussian_filter

from bench.checks.method_probe import Plain, SmallLinear, probes, randomised
from bench.contracts import Batch, Context, Truth, Undefined
from bench.passes import box_edits
from methods._shared.features import upsampled
from methods.controls_smooth import SmoothRandom, VariogramRandom
from methods.group import GroupTMap, MeanZMap, ZMap
from methods.occlusion import Occlusion
from methods.oracle_coarse import CoarseOracle
from methods.oracle_native import NativeOracle
from methods.replaced import SwapTest, TwinOcclusion, healthy_matches

IMAGES = probes()[0].images.double()
MODEL = randomised(Plain(), 0).double()
OTHERS = torch.randn(9, 1, *IMAGES.shape[2:], generator=torch.Generator().manual_seed(3)).double()
TARGETS = torch.arange(9) % 2
CONTEXT = Context(subjects=(1, 2, 3), training=lambda: Batch(OTHERS, TARGETS, torch.arange(9)))


def test_smooth_noise_has_variance_one_and_the_gaussians_correlation():
    large = torch.zeros(2, 1, 40, 40, 40)
    found = SmoothRandom(1.5)(MODEL, large, 0).numpy()
    assert found.std() == pytest.approx(1, abs=0.1)
    for step in (1, 2, 3):
        r = np.corrcoef(found.ravel(), np.roll(found, step, axis=3).ravel())[0, 1]
        assert r == pytest.approx(np.exp(-(step**2) / (4 * 1.5**2)), abs=0.05)


def test_the_variogram_is_the_images_and_the_map_is_not():
    smooth = torch.from_numpy(gaussian_filter(IMAGES.numpy(), (0, 0, 1, 2, 1))) + 3
    found = VariogramRandom()(MODEL, smooth, 0)
    for offset in [(1, 0, 0), (0, 3, 0), (2, 5, 1)]:
        variograms = [(x - x.roll(offset, (2, 3, 4))).square().mean((1, 2, 3, 4)) / 2 for x in (smooth, found)]
        torch.testing.assert_close(*variograms)
    torch.testing.assert_close(found.mean((1, 2, 3, 4)), smooth.mean((1, 2, 3, 4)))
    assert all(abs(np.corrcoef(a.ravel(), b.ravel())[0, 1]) < 0.4 for a, b in zip(found, smooth, strict=True))


def test_the_t_map_is_scipys():
    found = GroupTMap()(MODEL, IMAGES, 0, CONTEXT)
    sick, well = (OTHERS[k == TARGETS].numpy() for k in (1, 0))
    np.testing.assert_allclose(found[2].numpy(), stats.ttest_ind(sick, well, equal_var=False).statistic, rtol=1e-9)


def test_the_t_map_of_values_is_that_of_the_correlation():
    values = torch.linspace(-1, 2, 9).square()
    found = GroupTMap()(MODEL, IMAGES, 0, Context(training=lambda: Batch(OTHERS, values, torch.arange(9))))
    voxel = OTHERS[:, 0, 3, 4, 5].numpy()
    fit = stats.linregress(values.double().numpy(), voxel)
    assert found[0, 0, 3, 4, 5].item() == pytest.approx(fit.slope / fit.stderr)


def test_the_z_map_is_of_controls_alone():
    well = OTHERS[TARGETS == 0]
    expected = (IMAGES - well.mean(0)) / well.std(0, correction=0)
    torch.testing.assert_close(ZMap()(MODEL, IMAGES, 0, CONTEXT), expected)


def test_mean_z_map_is_the_mean_size_of_the_z_maps_of_training_patients():
    """A patient who is darker and one who is brighter do not cancel, as they do in the t-map."""
    classes = torch.arange(9) % 2
    context = Context(training=lambda: Batch(OTHERS, classes, torch.arange(9)))
    sick, well = OTHERS[classes == 1], OTHERS[classes == 0]
    expected = torch.stack([((x - well.mean(0)) / well.std(0, correction=0)).abs() for x in sick]).mean(0)
    for images in (IMAGES, 0 * IMAGES):
        torch.testing.assert_close(MeanZMap()(MODEL, images, 0, context), expected.expand_as(images))
    with pytest.raises(Undefined, match="training images"):
        MeanZMap()(MODEL, IMAGES, 0)


def test_patients_and_controls_are_those_of_the_context_and_others_count_for_neither():
    """Class 2 explained against class 1: class 0 is on no side."""
    classes = torch.arange(9) % 3
    context = Context(training=lambda: Batch(OTHERS, classes, torch.arange(9)), sides=lambda targets: targets - 1)
    sick, well = OTHERS[classes == 2], OTHERS[classes == 1]
    expected = stats.ttest_ind(sick.numpy(), well.numpy(), equal_var=False).statistic
    np.testing.assert_allclose(GroupTMap()(MODEL, IMAGES, 0, context)[0].numpy(), expected, rtol=1e-9)
    z = (IMAGES - well.mean(0)) / well.std(0, correction=0)
    torch.testing.assert_close(ZMap()(MODEL, IMAGES, 0, context), z)
    assert all(any(torch.equal(m, w) for w in well) for m in healthy_matches(IMAGES, context))


def test_the_controls_of_a_regression_are_its_lower_half():
    values = torch.linspace(0, 1, 9)
    context = Context(training=lambda: Batch(OTHERS, values, torch.arange(9)), sides=lambda v: (v > 0.5).long())
    well = OTHERS[:5]
    torch.testing.assert_close(ZMap()(MODEL, IMAGES, 0, context), (IMAGES - well.mean(0)) / well.std(0, correction=0))


def test_without_variation_there_is_no_evidence():
    still = Context(training=lambda: Batch(OTHERS * 0 + 1, TARGETS, torch.arange(9)))
    for method in (GroupTMap(), ZMap()):
        assert (method(MODEL, IMAGES, 0, still) == 0).all()


def test_the_match_is_the_nearest_control_within_the_domain():
    domain = torch.zeros_like(IMAGES, dtype=torch.bool)
    domain[..., :4] = True
    crafted = OTHERS.clone()
    crafted[4, ..., :4] = IMAGES[1, ..., :4] + 0.1
    crafted[3] = IMAGES[1]  # nearer still, but a patient
    context = Context(domain=domain, training=lambda: Batch(crafted, TARGETS, torch.arange(9)))
    assert torch.equal(healthy_matches(IMAGES, context)[1], crafted[4])


@pytest.mark.parametrize("into", ["subject", "match"])
def test_one_box_of_the_swap_test_is_the_change_of_score(into):
    match = healthy_matches(IMAGES, CONTEXT)
    bounds = torch.tensor([[[0, 0, 0], list(IMAGES.shape[2:])]])
    found = SwapTest(12, 12, into)(MODEL, IMAGES, (1, 0), CONTEXT)
    for row in range(3):
        score, (other,) = box_edits(MODEL, IMAGES[row], bounds, match[row], (1, 0))
        torch.testing.assert_close(found[row], (score - other).expand_as(found[row]))


def test_the_two_directions_agree_on_a_linear_model_only():
    def maps(model):
        return [SwapTest(4, 4, into)(model, IMAGES, (1, 0), CONTEXT) for into in ("subject", "match")]

    torch.testing.assert_close(*maps(randomised(SmallLinear(), 0).double()))
    one, other = (m.flatten().numpy() for m in maps(MODEL))
    assert np.corrcoef(one, other)[0, 1] < 0.9


def test_the_twin_is_the_image_without_its_counterfactual_change():
    change = torch.zeros_like(IMAGES)
    change[:, :, 4:8, 4:8, 4:8] = 2.0
    context = Context(truths={"counterfactual": Truth("counterfactual", volume=change)})
    found = TwinOcclusion(4, 4)(MODEL, IMAGES, (1, 0), context)
    assert (found[change == 0] == 0).all() and (found[change != 0] != 0).all()
    zero_twin = Context(truths={"counterfactual": Truth("counterfactual", volume=IMAGES)})
    torch.testing.assert_close(
        TwinOcclusion(4, 2)(MODEL, IMAGES, 1, zero_twin), Occlusion(4, 2)(MODEL, IMAGES, 1), rtol=1e-6, atol=1e-9
    )


def test_the_coarse_oracle_is_the_mean_of_each_cube():
    found = CoarseOracle(edge=5)(MODEL, IMAGES, 0, Context(truths={"counterfactual": Truth("c", volume=IMAGES)}))
    for d in (0, 5):
        for h in (0, 5, 10):
            for w in (0, 5):
                cube = (..., slice(d, d + 5), slice(h, h + 5), slice(w, w + 5))
                mean = IMAGES[cube].mean((1, 2, 3, 4), keepdim=True)
                torch.testing.assert_close(found[cube], mean.expand_as(found[cube]))


def test_cubes_of_one_voxel_are_the_truth_itself():
    context = Context(truths={"counterfactual": Truth("counterfactual", volume=IMAGES)})
    assert torch.equal(CoarseOracle(edge=1)(MODEL, IMAGES, 0, context), IMAGES)


def test_the_native_oracle_is_the_mean_size_of_the_truth_in_each_cell_upsampled_as_a_cam_is():
    halving = torch.nn.Sequential(
        torch.nn.Conv3d(1, 2, 2, stride=2), torch.nn.Flatten(), torch.nn.LazyLinear(2)
    ).double()
    halving(IMAGES)
    cells = (
        IMAGES.abs()
        .reshape(len(IMAGES), 1, *(n for length in IMAGES.shape[2:] for n in (length // 2, 2)))
        .mean((3, 5, 7))
    )
    context = Context(truths={"counterfactual": Truth("counterfactual", volume=IMAGES)})
    torch.testing.assert_close(NativeOracle()(halving, IMAGES, 1, context), upsampled(cells, IMAGES))
    assert context.notes["layer"].startswith("0: 2 x")


def test_the_native_oracle_of_region_values_keeps_their_order_where_cells_are_smaller():
    labels = torch.zeros(IMAGES.shape, dtype=torch.int32)
    labels[:, :, :4], labels[:, :, 4:] = 1, 2
    truth = Truth("use", regions=torch.tensor([[-3.0, 1.0]] * len(IMAGES)))
    found = NativeOracle("use")(MODEL, IMAGES, 1, Context(truths={"use": truth}, regions=labels))
    assert (found >= 0).all()
    assert (found[labels == 1].mean() / found[labels == 2].mean()).item() > 2
