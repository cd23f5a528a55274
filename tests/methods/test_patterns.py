"""Patterns find the signal that weights hide, and are the covariances they are defined by."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from bench.checks.method_probe import Plain, probes, randomised
from bench.contracts import Batch, Context, Unsupported
from methods._rules import intercepted
from methods._rules.patterns import SignalPatterns
from methods.gradients import Gradient
from methods.patterns import PatternAttribution, PatternNet

IMAGES = probes()[0].images.double()


class Suppressed(nn.Module):
    """Reads voxel 0 less voxel 1, where both hold a distractor and voxel 0 alone the signal."""

    def __init__(self):
        super().__init__()
        self.head = nn.Linear(4, 2, bias=False).double()
        self.head.weight.data = torch.tensor([[-1.0, 1, 0, 0], [1, -1, 0, 0]]).double()

    def forward(self, x):
        return self.head(x.flatten(1))


def drawn(count, seed=0):
    signal, distractor, rest, more = torch.randn(4, count, generator=torch.Generator().manual_seed(seed)).double()
    return torch.stack([signal + distractor, distractor, rest, more], 1).reshape(count, 1, 1, 2, 2)


def context(images):
    return Context(
        training=lambda: Batch(images, torch.zeros(len(images), dtype=torch.long), torch.arange(len(images)))
    )


@pytest.mark.parametrize("method", [PatternNet(images=4000), PatternAttribution(images=4000)])
def test_a_suppressor_has_a_weight_but_no_signal(method):
    images, model = drawn(3, 1), Suppressed()
    slope = Gradient()(model, images, 1).flatten(1)
    assert (slope[:, 1] == -1).all()
    found = method(model, images, 1, context(drawn(4000))).flatten(1)
    scores = model(images)[:, 1].detach()
    torch.testing.assert_close(found[:, 0], scores, rtol=0.1, atol=0)
    assert (found[:, 1:].abs() < 0.1 * found[:, :1].abs()).all()


def test_patterns_are_the_covariances_of_their_definition():
    """A strided, padded convolution, patch by patch; and the last operation over all data."""
    torch.manual_seed(0)
    conv, head = nn.Conv3d(1, 3, 3, stride=2, padding=1).double(), nn.Linear(3, 2).double()

    def model(x):
        return head(F.relu(conv(x)).mean((2, 3, 4)))

    patterns, whole = SignalPatterns(), nn.Module()
    whole.forward = model
    for part in IMAGES.split(2):
        intercepted(whole, {"affine": patterns.gathering()})(part.clone().requires_grad_())
    patches = F.pad(IMAGES, (1,) * 6).unfold(2, 3, 2).unfold(3, 3, 2).unfold(4, 3, 2).reshape(-1, 27)
    for unit, weight in enumerate(conv.weight.detach().flatten(1)):
        y = patches @ weight
        x, y = patches[y > 0], y[y > 0]
        covariance = (x * y[:, None]).mean(0) - x.mean(0) * y.mean()
        torch.testing.assert_close(patterns.of(0)[unit].flatten(), covariance / (weight @ covariance))
    x = F.relu(conv(IMAGES)).mean((2, 3, 4)).detach()
    for unit, weight in enumerate(head.weight.detach()):
        y = x @ weight
        covariance = (x * y[:, None]).mean(0) - x.mean(0) * y.mean()
        torch.testing.assert_close(patterns.of(1)[unit], covariance / (weight @ covariance))


def test_patterns_are_gathered_once_a_model():
    calls = []

    def training():
        calls.append(1)
        return Batch(IMAGES, torch.zeros(3, dtype=torch.long), torch.arange(3))

    model, known = randomised(Plain(), 0).double(), Context(training=training)
    for method in (PatternNet(3), PatternAttribution(3), PatternNet(3)):
        method(model, IMAGES, 1, known)
    assert len(calls) == 1


@pytest.mark.parametrize("method", [PatternNet(3), PatternAttribution(3)])
def test_a_context_may_serve_several_models(method):
    shared, training = context(IMAGES), context(IMAGES).training
    for seed in (0, 1):
        model = randomised(Plain(), seed).double()
        alone = method(model, IMAGES, 1, Context(training=training))
        assert torch.equal(method(model, IMAGES, 1, shared), alone)


def test_weights_in_another_layout_are_refused():
    class Product(nn.Module):
        def __init__(self):
            super().__init__()
            self.head = nn.Parameter(torch.ones(4, 2).double())

        def forward(self, x):
            return x.flatten(1) @ self.head

    with pytest.raises(Unsupported, match="matmul"):
        PatternNet()(Product(), drawn(3), 1, context(drawn(20)))
