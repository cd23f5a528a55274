"""Folding by the pass: the map of a network whose batch norms were really folded, wherever they are called."""

import copy

import pytest
import torch
from torch import nn
from torch.nn.utils import fuse_conv_bn_eval

from bench.checks.method_probe import STYLES, Plain, SmallResNet, probes, randomised
from methods._rules import intercepted
from methods._rules.folding import folded
from methods._rules.rules import epsilon
from methods.relevance_folded import LRPComposite
from methods.relevance_signed import LRPEpsilonPlus

IMAGES = probes()[0].images.double()
PAIRS = {
    Plain: [("conv1", "norm1"), ("conv2", "norm2")],
    SmallResNet: [("stem", "norm"), ("conv1", "norm1"), ("conv2", "norm2")],
}


def fused(model):
    """A copy with every batch norm folded into its convolution by torch."""
    done = copy.deepcopy(model)
    for convolution, norm in PAIRS[type(model)]:
        setattr(done, convolution, fuse_conv_bn_eval(getattr(done, convolution), getattr(done, norm)))
        setattr(done, norm, nn.Identity())
    return done


@pytest.mark.parametrize("network", PAIRS)
@pytest.mark.parametrize("style", STYLES)
def test_it_is_the_unfolded_method_on_a_folded_network(network, style):
    model = randomised(network(style), 0).double()
    found = LRPComposite(0.01)(model, IMAGES, (1, 0)).map
    expected = LRPEpsilonPlus(0.01)(fused(model), IMAGES, (1, 0)).map
    torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("network", PAIRS)
def test_the_two_ways_of_counting_are_two_methods(network):
    model = randomised(network(), 0).double()
    one, other = (method(0.01)(model, IMAGES, (1, 0)).map for method in (LRPComposite, LRPEpsilonPlus))
    assert (one - other).abs().max() > 0.01 * other.abs().max()


def test_a_norm_that_follows_no_convolution_stays_a_layer():
    class Before(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm, self.conv = nn.BatchNorm3d(1), nn.Conv3d(1, 2, 3)

        def forward(self, x):
            return self.conv(self.norm(x)).mean((2, 3, 4))

    model, met = randomised(Before(), 0).double(), []

    def rule(call):
        met.append(call.name)
        return epsilon(0.01)(call)

    intercepted(model, {"affine": folded(rule)})(IMAGES.clone().requires_grad_())
    assert met == ["batch_norm", "conv3d", "mean"]
