"""Convergence: certain for what has no noise, near nought for noise, and growing with draws as it should."""

import pytest
import torch

from bench.checks.method_probe import Plain, SmallLinear, probes, randomised
from bench.contracts import Context
from bench.passes.convergence import CONVERGED, convergence
from methods.controls import Constant, Random
from methods.gradients import Gradient, SmoothGrad
from methods.rise import RISE

IMAGES = probes()[0].images
CONTEXT = Context(subjects=(3, 4, 5), domain=IMAGES > -1)
MODEL = randomised(Plain(), 0)


def found(method, model=MODEL):
    return convergence(method, model, IMAGES, (1, 0), CONTEXT)


def test_without_noise_it_is_one_and_of_noise_alone_nought():
    torch.testing.assert_close(found(Gradient()), torch.ones(3, dtype=torch.float64))
    torch.testing.assert_close(found(SmoothGrad(), randomised(SmallLinear(), 0)), torch.ones(3, dtype=torch.float64))
    assert found(Random()).abs().max() < 0.15
    assert found(Constant()).isnan().all()


def test_more_draws_follow_spearman_and_brown():
    """With k times the draws, r becomes k r / (1 + (k - 1) r)."""
    few, many = (found(SmoothGrad(samples=n, noise=1.0)).mean().item() for n in (8, 64))
    assert few < many and many == pytest.approx(8 * few / (1 + 7 * few), abs=0.05)


MEASURED = [
    (SmoothGrad(samples=16, noise=0.5), 0.89, 0.93, True),
    (SmoothGrad(samples=16, noise=1.0), 0.80, 0.83, False),
    (SmoothGrad(samples=64, noise=1.0), 0.93, 0.95, True),
    (RISE(masks=512), 0.77, 0.81, False),
]


@pytest.mark.parametrize(("method", "low", "high", "enough"), MEASURED, ids=repr)
def test_how_many_draws_are_enough(method, low, high, enough):
    """The ranges that methods/README.md quotes; what is judged is the mean over subjects."""
    repeated = found(method)
    assert repeated.min().item() == pytest.approx(low, abs=0.01)
    assert repeated.max().item() == pytest.approx(high, abs=0.01)
    assert (repeated.mean() > CONVERGED) == enough
