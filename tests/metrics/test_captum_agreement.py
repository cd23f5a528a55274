"""Infidelity and max-sensitivity beside captum on the same perturbations: what ours divide by is all that differs."""

import pytest
import torch
from captum.metrics import infidelity, sensitivity_max
from torch import nn

from bench.contracts import Attribution, Cohort, Context
from metrics.infidelity import Infidelity
from metrics.perturbations import GaussianNoise, Patch
from metrics.sensitivity import MaxSensitivity

N, SHAPE, K = 4, (1, 6, 5, 4), 16


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv3d(1, 3, 3), nn.Softplus(), nn.Flatten(), nn.Linear(3 * 4 * 3 * 2, 1)).eval()


@pytest.fixture(scope="module")
def images():
    return torch.rand((N, *SHAPE), generator=torch.Generator().manual_seed(1))


@torch.enable_grad()
def gradient(model, images):
    leaf = images.clone().requires_grad_()
    return torch.autograd.grad(model(leaf).sum(), leaf)[0]


@pytest.mark.parametrize("family", [GaussianNoise(count=K), Patch(size=2, count=K)], ids=lambda f: f.name)
def test_infidelity_is_captum_s_over_what_zeros_leave(model, images, family):
    context, maps = Context(subjects=tuple(range(N))), gradient(model, images)
    drawn = torch.stack([family.draw(images, context, row) for row in range(N)])
    with torch.no_grad():
        changes = model(images)[:, None, 0] - model((images[:, None] - drawn).flatten(0, 1)).reshape(N, K)

    def perturbed(inputs):
        """captum asks for all perturbations of a subject side by side."""
        return drawn.flatten(0, 1), inputs - drawn.flatten(0, 1)

    theirs = infidelity(model, perturbed, images, maps, n_perturb_samples=K, max_examples_per_batch=N * K)
    ours = Infidelity(family, scaling="none").model(
        {"gradient": Attribution(maps)}, {"gradient": "sensitivity"}, lambda _, row: (drawn[row], changes[row]), context
    )["gradient"]
    torch.testing.assert_close(ours, theirs * K * N / changes.square().sum(), rtol=1e-4, atol=1e-6)


def test_max_sensitivity_is_captum_s(model, images):
    seen = []

    def explain(model, inputs, context):
        seen.append(inputs)
        return gradient(model, inputs)

    cohort = Cohort(images, torch.zeros(N, dtype=torch.int64), torch.arange(N))
    context = Context(subjects=tuple(range(N)))
    ours = MaxSensitivity(radius=0.3, draws=5).explainer(explain, model, cohort, context)[""]
    moved = torch.stack(seen[1:], dim=1).flatten(0, 1)

    def theirs(inputs):
        """captum hands over the images as a tuple, what we perturbed as we gave it, and reads a bare map wrongly."""
        return (gradient(model, inputs if isinstance(inputs, torch.Tensor) else inputs[0]),)

    expected = sensitivity_max(theirs, images, lambda _: moved, n_perturb_samples=5)
    torch.testing.assert_close(ours, expected, rtol=1e-5, atol=1e-7)
