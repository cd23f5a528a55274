"""Means, spreads and blurs that covers and perturbations are made of, against NumPy and SciPy."""

import numpy as np
import torch
from scipy.ndimage import gaussian_filter

from bench.passes.fills import blurred, blurred_within, domain_mean, domain_sd

IMAGES = torch.randn(3, 1, 7, 9, 6, generator=torch.Generator().manual_seed(0)) + 2
DOMAIN = torch.zeros_like(IMAGES, dtype=torch.bool)
DOMAIN[:, :, 1:6, 2:8, 1:5] = True


def test_mean_and_spread_are_of_the_domain_and_divide_by_its_voxels():
    values = [image[inside].double().numpy() for image, inside in zip(IMAGES, DOMAIN, strict=True)]
    np.testing.assert_allclose(domain_mean(IMAGES, DOMAIN).flatten(), [v.mean() for v in values], rtol=1e-6)
    np.testing.assert_allclose(domain_sd(IMAGES, DOMAIN).flatten(), [v.std(ddof=0) for v in values], rtol=1e-6)
    assert domain_sd(IMAGES, DOMAIN).shape == (3, 1, 1, 1, 1)


def test_without_a_domain_or_with_an_empty_one_the_whole_image_counts():
    whole = domain_mean(IMAGES, None)
    torch.testing.assert_close(whole, IMAGES.mean((1, 2, 3, 4), keepdim=True))
    assert torch.equal(domain_mean(IMAGES, torch.zeros_like(DOMAIN)), whole)


def test_a_row_does_not_depend_on_its_batch():
    for statistic in (domain_mean, domain_sd):
        assert torch.equal(statistic(IMAGES, DOMAIN)[1:2], statistic(IMAGES[1:2], DOMAIN[1:2]))


def test_the_plain_blur_repeats_the_border():
    expected = gaussian_filter(IMAGES[0, 0].numpy(), 1.5, mode="nearest")
    np.testing.assert_array_equal(blurred(IMAGES[0], 1.5)[0], expected)


def test_the_blur_within_does_not_see_outside():
    image = IMAGES[0]
    changed = torch.where(DOMAIN[0], image, 100.0)
    assert torch.equal(blurred_within(image, DOMAIN[0], 2.0), blurred_within(changed, DOMAIN[0], 2.0))
    flat = torch.where(DOMAIN[0], 5.0, 0.0)
    torch.testing.assert_close(blurred_within(flat, DOMAIN[0], 2.0)[DOMAIN[0]], torch.full((DOMAIN[0].sum(),), 5.0))
