"""Glimpses: filters against a loop, densities, what a first look may depend on, and what it may not."""

import numpy as np
import pytest
import torch

from bench.checks.method_probe import randomised
from bench.contracts import BadInput, Unsupported
from bench.networks.glimpse import Glimpse, gaussians, glimpsed
from methods.gradients import Gradient
from methods.relevance import LRP0

GRID = (8, 12, 16)


def network(**parameters):
    torch.manual_seed(0)
    return randomised(Glimpse(GRID, 2, **parameters), 1).double()


def images(count=3):
    return torch.rand(count, 1, *GRID, generator=torch.Generator().manual_seed(1)).double()


def test_readings_are_gaussian_means_around_evenly_spaced_places():
    where, x = torch.tensor([[0.2, -0.4, 0.5, -0.3]]).double(), images(1)
    filters, centre = gaussians(where, GRID, 3)
    read = glimpsed(x, filters).reshape(3, 3, 3)
    np.testing.assert_allclose(centre[0], [1.2 * 3.5, 0.6 * 5.5, 1.5 * 7.5])
    for at in np.ndindex(3, 3, 3):
        weight = np.ones(GRID)
        for axis, length in enumerate(GRID):
            spacing = 1 + 0.35 * ((length - 1) / 2 - 1)
            place = centre[0, axis].item() + (at[axis] - 1) * spacing
            line = np.exp(-((np.arange(length) - place) ** 2) / (2 * (spacing / 2) ** 2))
            weight *= (line / line.sum()).reshape([-1 if a == axis else 1 for a in range(3)])
        np.testing.assert_allclose(read[at], (weight * x[0, 0].numpy()).sum(), rtol=1e-7)


def test_zoom_goes_from_neighbouring_voxels_to_the_whole_axis():
    for zoom, spacing in ((-1.0, (1, 1, 1)), (1.0, (7 / 5, 11 / 5, 3))):
        filters, _ = gaussians(torch.tensor([[0.0, 0.0, 0.0, zoom]]).double(), GRID, 6)
        for part, step, length in zip(filters, spacing, GRID, strict=True):
            mean = (part[0] * torch.arange(length)).sum(1)
            # filters at the border lose their outer half
            torch.testing.assert_close(mean[3] - mean[2], torch.tensor(float(step)).double(), rtol=0.05, atol=0)


def test_the_density_lies_where_glimpses_are_and_sums_to_one():
    model, x = network(), images()
    density, path = model.intrinsic(x)["density"], model.trajectory(x)
    assert density.shape == x.shape and density.min() >= 0 and path.shape == (3, 4, 3)
    torch.testing.assert_close(density.sum((1, 2, 3, 4)), torch.ones(3).double())
    lengths = torch.tensor(GRID)
    assert (path >= 0).all() and (path <= lengths - 1).all()
    with torch.no_grad():
        model.emission.weight.zero_()
        model.emission.path.copy_(torch.tensor([-0.5, 0.3, 0.5, -9.0]))
    density = model.intrinsic(x)["density"][0, 0]
    grids = torch.meshgrid(*(torch.arange(n).double() for n in GRID), indexing="ij")
    middle = torch.stack([(density * g).sum() for g in grids])
    torch.testing.assert_close(middle, model.trajectory(x)[0, 0], rtol=0, atol=0.3)


def test_a_voxel_without_density_changes_nothing_when_no_context_is_given():
    """The map is complete: looked at nowhere else, the network cannot know of a change elsewhere."""
    model, x = network(context=False, size=2), images(1)
    with torch.no_grad():
        model.emission.path.copy_(torch.tensor([0.0, 0.0, -0.5, -9.0]))
        model.emission.weight.zero_()
    blind = model.intrinsic(x)["density"] < 1e-12
    assert blind.any()
    torch.testing.assert_close(model(x + 5 * blind), model(x), rtol=0, atol=1e-8)


def test_only_with_context_does_the_first_look_depend_on_the_image():
    x = images()
    assert network(context=True).trajectory(x)[:, 0].std(0).min() > 1e-3
    blind = network(context=False).trajectory(x)
    assert blind[:, 0].std(0).max() < 1e-12 and blind[:, 1].std(0).min() > 1e-4


def test_context_reaches_the_outputs_through_where_it_looks_alone():
    model, x = network(context=True), images()
    with torch.no_grad():
        model.emission.weight.zero_()
    seen = model(x)
    model.begin.linear.weight.data.mul_(-3)
    assert torch.equal(model(x), seen)


def test_before_training_places_differ_between_steps_and_not_between_images():
    torch.manual_seed(0)
    path = Glimpse(GRID, 2).eval().trajectory(images().float())
    assert path.std(0).max() < 1e-5 and path[0].std(0).min() > 0.1


def test_gradients_explain_it_and_relevance_propagation_refuses():
    model, x = network(), images()
    assert Gradient()(model, x, (1, 0)).std() > 0
    with pytest.raises(Unsupported):
        LRP0()(model, x, (1, 0))


def test_what_cannot_be_built_is_refused():
    with pytest.raises(BadInput, match="divisible by 4"):
        Glimpse((8, 10, 8), 2)
