"""Relevance at sigmoid and softmax gates: a dense float64 twin, conservation, and what is refused."""

from functools import partial

import pytest
import torch
from gated import Gated
from test_relevance import images
from test_relevance_rules import (
    map_of,
    shares_alpha_beta,
    shares_epsilon,
    shares_gamma,
    shares_squared,
    shares_supporting,
)
from torch import nn
from torch.nn import functional as F

from bench.checks.method_probe import probes, randomised
from bench.contracts import Unsupported
from bench.networks.attention_cnn import AttentionCNN
from bench.networks.glimpse import Glimpse
from methods.deeplift import DeepLIFT, DeepSHAP
from methods.deeplift_reveal import DeepLIFTRevealCancel
from methods.guided import DeconvNet, GuidedBackprop
from methods.patterns import PatternAttribution, PatternNet
from methods.relevance import LRP0, LRPEpsilon
from methods.relevance_folded import LRPComposite
from methods.relevance_signed import LRPAlphaBeta, LRPEpsilonPlus, LRPGamma, LRPZPlus
from methods.relevance_supporting import DeepTaylor, ExcitationBackprop

FAMILY = [LRP0(), LRPEpsilon(), LRPAlphaBeta(), LRPZPlus(), LRPGamma(), LRPEpsilonPlus(), LRPComposite(),
          DeepTaylor(), DeepTaylor("box"), ExcitationBackprop()]  # fmt: skip
OTHERS = [GuidedBackprop(), DeconvNet(), DeepLIFT(), DeepSHAP(), DeepLIFTRevealCancel(), PatternNet(),
          PatternAttribution()]  # fmt: skip
names = {"ids": repr}


class Weighed(nn.Module):
    """A hidden layer, each unit weighed by a sigmoid of all of them; `write` puts the two together."""

    def __init__(self, write=torch.mul, bias=True):
        super().__init__()
        self.first, self.head = nn.Linear(96, 6, bias), nn.Linear(6, 2, bias)
        self.open, self.write = nn.Linear(6, 6), write

    def forward(self, x):
        h = torch.relu(self.first(x.flatten(1)))
        return self.head(self.write(h, torch.sigmoid(self.open(h))))


def weighed(*given):
    return randomised(Weighed(*given), 4).double()


def held_still(model, x, target=1):
    """x times the gradient of one output with every gate a constant."""
    x = x.clone().requires_grad_()
    sigmoid, softmax = torch.sigmoid, torch.softmax
    try:
        torch.sigmoid = lambda *a, **k: sigmoid(*a, **k).detach()
        torch.softmax = lambda *a, **k: softmax(*a, **k).detach()
        (slope,) = torch.autograd.grad(model(x)[:, target].sum(), x)
    finally:
        torch.sigmoid, torch.softmax = sigmoid, softmax
    return (x * slope).detach()


TWINS = [
    (LRPEpsilon(0.2), partial(shares_epsilon, 0.2)),
    (LRPZPlus(), partial(shares_alpha_beta, 0.0)),
    (LRPAlphaBeta(0.7), partial(shares_alpha_beta, 0.7)),
    (LRPGamma(0.4), partial(shares_gamma, 0.4)),
    (LRPEpsilonPlus(0.2), partial(shares_epsilon, 0.2)),
    (LRPComposite(0.2), partial(shares_epsilon, 0.2)),
    (ExcitationBackprop(), shares_supporting),
    (DeepTaylor(), shares_supporting),
]


@pytest.mark.parametrize(("method", "shares"), TWINS, ids=lambda v: repr(v) if hasattr(v, "tags") else "")
def test_at_a_gate_the_relevance_of_the_signal_is_that_of_the_product(method, shares):
    """Written out with matrices: nothing is done between the head and the hidden layer, whatever the gate."""
    model, x = weighed(), images()
    found = map_of(method, model, x, 1)
    for row, image in enumerate(x):
        h = torch.relu(model.first(image.flatten())).detach()
        product = (h * torch.sigmoid(model.open(h))).detach()

        def through(layer, rule, inputs, relevance):
            weights, bias = layer.weight.detach(), layer.bias.detach()
            return relevance @ rule(weights, bias, inputs, weights @ inputs + bias)

        start = torch.tensor([0.0, 1.0]).double()
        if not isinstance(method, ExcitationBackprop):
            start = start * model.head(product).detach()
        of_signal = through(model.head, shares, product, start)
        first = shares_squared if isinstance(method, DeepTaylor) else shares
        expected = through(model.first, first, image.flatten(), of_signal)
        torch.testing.assert_close(found[row].flatten(), expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("method", [LRP0(), LRPGamma(), LRPZPlus(), DeepTaylor()], **names)
def test_without_biases_the_gate_keeps_the_relevance(method):
    model, x = weighed(torch.mul, False), images()
    with torch.no_grad():
        # every unit has contributions of both signs
        model.head.weight[:, 0].abs_()
        model.head.weight[:, 1].abs_().neg_()
        model.first.weight.abs_()
    x = x.abs() + 0.1
    found = map_of(method, model, x, 1).flatten(1).sum(1)
    torch.testing.assert_close(found, model(x)[:, 1].detach())
    assert (found.abs() > 1e-3).all()


def attended():
    torch.manual_seed(3)
    return randomised(AttentionCNN((8, 16, 8), 2), 1).double()


class Mixed(nn.Module):
    """Eight slabs of the image as tokens, mixed by a matrix of softmaxes that a linear layer makes of them."""

    def __init__(self):
        super().__init__()
        self.value, self.scores, self.head = nn.Linear(96, 5), nn.Linear(96, 8), nn.Linear(5, 2)

    def forward(self, x):
        tokens = x.flatten(2).squeeze(1).unflatten(1, (8, 96))
        mixture = torch.softmax(self.scores(tokens), 2)
        return self.head(torch.relu(torch.matmul(mixture, self.value(tokens))).mean(1))


SLAB = probes()[0].images.double()
NETWORKS = {
    "sigmoid": lambda: (randomised(Gated(), 0).double(), SLAB),
    "additive attention": lambda: (attended(), torch.randn(2, 1, 8, 16, 8).double()),
    "mixture": lambda: (randomised(Mixed(), 0).double(), SLAB),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_lrp_0_is_gradient_x_input_with_the_gates_held_still(name):
    model, x = NETWORKS[name]()
    found = map_of(LRP0(), model, x, 1)
    torch.testing.assert_close(found, held_still(model, x), rtol=1e-9, atol=1e-12)
    moving = x.clone().requires_grad_()
    (slope,) = torch.autograd.grad(model(moving)[:, 1].sum(), moving)
    assert not torch.allclose(found, x * slope, rtol=1e-3)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("method", FAMILY, **names)
def test_the_whole_family_passes_gates(method, name):
    found = map_of(method, *NETWORKS[name](), 1)
    assert found.isfinite().all() and found.abs().max() > 0


def in_place(x, gate):
    x *= gate
    return x


WRITTEN = {
    "the other way round": lambda x, gate: gate * x,
    "in place": in_place,
    "moved": lambda x, gate: (x[:, :, None] * gate.reshape(-1, 6, 1).expand(-1, 6, 1)).flatten(1),
    "scaled": lambda x, gate: x * (0.5 * gate + 0.5 * gate),
    "channels": lambda x, gate: torch.cat([x[:, :2] * gate[:, :2], x[:, 2:].multiply(gate[:, 2:])], 1),
}


@pytest.mark.parametrize("name", WRITTEN)
@pytest.mark.parametrize("method", [LRPEpsilon(), LRPAlphaBeta()], **names)
def test_the_map_does_not_depend_on_how_the_product_is_written(method, name):
    x = images()
    torch.testing.assert_close(map_of(method, weighed(WRITTEN[name]), x, 1), map_of(method, weighed(), x, 1))


class Ending(nn.Module):
    def __init__(self, end):
        super().__init__()
        self.first, self.head, self.end = nn.Linear(96, 6), nn.Linear(6, 2), end

    def forward(self, x):
        return self.end(self, self.first(x.flatten(1)))


REFUSED = {
    "'add'": lambda net, h: net.head(h + torch.sigmoid(h)),
    "'cat'": lambda net, h: net.head(torch.cat([h, h.sigmoid()], 1)[:, 3:9]),
    "'relu'": lambda net, h: net.head(h * torch.relu(torch.sigmoid(h) - 0.5)),
    "'div'": lambda net, h: net.head(h / torch.sigmoid(h)),
    "'mul'": lambda net, h: net.head(h * h),
    "'silu'": lambda net, h: net.head(h * F.silu(torch.sigmoid(h))),
    "'layer_norm'": lambda net, h: net.head(h * F.layer_norm(torch.sigmoid(h), (6,))),
    "come out of a sigmoid or softmax": lambda net, h: F.softmax(net.head(h), 1),
    "come out of a sigmoid": lambda net, h: net.head(nn.Sigmoid()(h)),
}


@pytest.mark.parametrize("sentence", REFUSED)
@pytest.mark.parametrize("method", [LRP0(), LRPGamma(), DeepTaylor()], **names)
def test_a_sigmoid_that_is_no_gate_is_refused(method, sentence):
    with pytest.raises(Unsupported, match=sentence):
        method(randomised(Ending(REFUSED[sentence]), 0).double(), images(), 1)


SWISHES = {
    "silu": F.silu,
    "written by hand": lambda h: h * torch.sigmoid(h),
    "in place": lambda h: h.mul_(h.sigmoid()),
    "in place by name": lambda h: F.silu(h, inplace=True),
    "moved": lambda h: (h.unflatten(1, (2, 3)) * torch.sigmoid(h).reshape(-1, 2, 3)).flatten(1),
}


def swished(name):
    return randomised(Ending(lambda net, h: net.head(SWISHES[name](h))), 0).double()


@pytest.mark.parametrize("method", FAMILY, **names)
def test_an_activation_has_one_map_however_it_is_written(method):
    """x sigmoid(x) as a signal and its gate is SiLU, whose relevance is passed on as it is."""
    expected = map_of(method, swished("silu"), images(), 1)
    for name in SWISHES:
        torch.testing.assert_close(map_of(method, swished(name), images(), 1), expected, rtol=1e-6, atol=1e-10)


@pytest.mark.parametrize("name", ["written by hand", "in place", "moved"])
@pytest.mark.parametrize("method", OTHERS, **names)
def test_methods_without_gates_refuse_an_activation_that_is_written_as_one(method, name):
    with pytest.raises(Unsupported, match="'sigmoid'"):
        method(swished(name), images(), 1)


@pytest.mark.parametrize("method", OTHERS, **names)
def test_methods_whose_definition_has_no_gate_refuse_it(method):
    with pytest.raises(Unsupported, match="'sigmoid'"):
        method(randomised(Gated(), 0), probes()[0].images, 1)


@pytest.mark.parametrize("method", FAMILY, **names)
def test_a_network_whose_signals_multiply_each_other_is_refused(method):
    with pytest.raises(Unsupported, match="no rule"):
        method(randomised(Glimpse((8, 12, 8), 2), 0), probes()[0].images, 1)


def test_deep_taylor_refuses_an_image_that_is_itself_weighed():
    model = nn.Module()
    model.forward = lambda x: (x * torch.sigmoid(F.conv3d(x, torch.ones(1, 1, 1, 1, 1).double()))).flatten(1)[:, :2]
    with pytest.raises(Unsupported, match="the image is read by 'mul'"):
        DeepTaylor()(model, images(), 1)
