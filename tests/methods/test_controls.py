import numpy as np
import pytest
import torch
from scipy.ndimage import sobel

from bench.checks.method_probe import SmallLinear, probes
from bench.contracts import BadInput, Context, Truth, Undefined
from methods.controls import Constant, InputMagnitude, Random, Sobel
from methods.oracles import Oracle
from metrics.gain import RegionNDCG
from metrics.regions import RegionAP, RegionSpearman, region_mass

IMAGES = probes()[0].images
NETWORK = SmallLinear()


def test_sobel_is_scipys_over_three_axes():
    found = Sobel()(NETWORK, IMAGES.double(), 0)
    for row, image in enumerate(IMAGES.double().numpy()[:, 0]):
        slopes = [sobel(image, axis=axis, mode="nearest") / 32 for axis in range(3)]
        np.testing.assert_allclose(found[row, 0].numpy(), np.sqrt(np.sum(np.square(slopes), 0)), rtol=1e-10, atol=1e-14)


def test_a_ramp_has_its_slope_everywhere_but_at_the_border():
    ramp = 0.25 * torch.arange(12.0).reshape(1, 1, 1, 12, 1).expand(1, 1, 8, 12, 8)
    assert torch.allclose(Sobel()(NETWORK, ramp, 0)[:, :, :, 1:-1], torch.tensor(0.25))


def test_input_magnitude_and_constant():
    assert torch.equal(InputMagnitude()(NETWORK, -IMAGES, 0), IMAGES.abs())
    assert (Constant()(NETWORK, IMAGES, 0) == 1).all()


def test_random_is_standard_normal_and_belongs_to_the_subject():
    context = Context(subjects=(5, 6), seed_of=lambda subject: 1000 + subject)
    images = torch.zeros(2, 1, 24, 32, 24)
    found = Random()(NETWORK, images, 0, context)
    assert abs(found.mean()) < 0.03 and abs(found.std() - 1) < 0.02
    assert torch.equal(Random()(NETWORK, images[:1], 0, context.take([1]))[0], found[1])
    assert abs(torch.corrcoef(found.flatten(1))[0, 1]) < 0.05


def test_an_oracle_shows_a_volume_as_it_is():
    context = Context(truths={"planted": Truth("planted", volume=IMAGES.flip(2), regions=torch.ones(3, 2))})
    assert torch.equal(Oracle("planted")(NETWORK, IMAGES, 0, context), IMAGES.flip(2))


def test_an_oracle_of_regions_sums_to_the_values_and_is_zero_outside():
    labels = torch.zeros(3, 1, 8, 12, 8, dtype=torch.int16)
    labels[:, :, :3], labels[:, :, 6:] = 1, 3
    labels[1, :, 3] = 2
    values = torch.tensor([[1.0, -2.0, 3.0], [4.0, 5.0, -6.0], [0.0, 1.0, 0.0]])
    context = Context(regions=labels, truths={"use": Truth("use", regions=values)})
    found = Oracle("use")(NETWORK, IMAGES, 0, context)
    for row, region in np.ndindex(3, 3):
        inside = labels[row] == region + 1
        expected = values[row, region] if inside.any() else 0.0
        assert found[row][inside].sum().item() == pytest.approx(float(expected), abs=1e-5)
        assert not inside.any() or found[row][inside].unique().numel() == 1
    assert (found[labels == 0] == 0).all()


def test_an_oracle_of_regions_shows_them_in_the_domain_where_metrics_sum():
    """What a domain cuts off a region is not lost: the rest of it holds the whole value."""
    labels = torch.ones(3, 1, 8, 12, 8, dtype=torch.int16)
    labels[:, :, :3], labels[:, :, 6:] = 2, 3
    domain = torch.zeros(labels.shape, dtype=torch.bool)
    domain[..., 2:5, :] = True
    truth = Truth("use", regions=torch.tensor([[1.0, -2.0, 0.01]] * 3), floor=torch.full((3, 3), 0.001))
    context = Context(regions=labels, domain=domain, truths={"use": truth})
    found = Oracle("use")(NETWORK, IMAGES, 0, context)
    assert (found[~domain] == 0).all()
    torch.testing.assert_close(torch.from_numpy(region_mass(found, labels, 3)).float(), truth.regions)
    for metric in (RegionAP(), RegionNDCG(), RegionSpearman()):
        assert metric.map(found, truth, context).tolist() == pytest.approx([1.0] * 3)


def test_an_oracle_without_its_truth_says_so():
    with pytest.raises(Undefined, match="'use'"):
        Oracle("use")(NETWORK, IMAGES, 0)
    with pytest.raises(BadInput, match="no region labels"):
        Oracle("use")(NETWORK, IMAGES, 0, Context(truths={"use": Truth("use", regions=torch.ones(3, 2))}))


def test_an_oracle_names_the_truth_it_needs():
    assert Oracle("counterfactual").tags.truths == {"counterfactual"}
