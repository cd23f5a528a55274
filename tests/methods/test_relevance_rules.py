"""Relevance rules against shares written out with dense matrices, free of autograd and of multipliers."""

from functools import partial

import pytest
import torch
from test_relevance import AFFINE, Block, chain, dense, images, networks
from torch import nn
from torch.nn import functional as F

from bench.checks.method_probe import SmallLinear, probes, randomised
from bench.contracts import Unsupported
from methods.relevance import LRP0
from methods.relevance_signed import LRPAlphaBeta, LRPEpsilonPlus, LRPGamma, LRPZPlus
from methods.relevance_supporting import DeepTaylor, ExcitationBackprop


def safe(numerator, denominator):
    return torch.where(denominator == 0, 0.0, numerator / torch.where(denominator == 0, 1.0, denominator))


def shares_alpha_beta(beta, a, b, x, y):
    z = a * x
    up, down = z.clamp(min=0), z.clamp(max=0)
    tops = safe(up, up.sum(1, keepdim=True) + b.clamp(min=0)[:, None])
    return (1 + beta) * tops - beta * safe(down, down.sum(1, keepdim=True) + b.clamp(max=0)[:, None])


def shares_gamma(gamma, a, b, x, y):
    z = torch.cat([a * x, b[:, None]], 1)
    favoured = z + gamma * torch.where(y[:, None] > 0, z.clamp(min=0), z.clamp(max=0))
    return safe(favoured, favoured.sum(1, keepdim=True))[:, :-1]


def shares_supporting(a, b, x, y):
    up = (a * x).clamp(min=0)
    return safe(up, up.sum(1, keepdim=True))


def shares_squared(a, b, x, y):
    return safe(a**2, (a**2).sum(1, keepdim=True))


def shares_box(a, b, x, y):
    z = a * x - x.min().clamp(max=0) * a.clamp(min=0) - x.max().clamp(min=0) * a.clamp(max=0)
    return safe(z, z.sum(1, keepdim=True))


def shares_epsilon(eps, a, b, x, y):
    return a * x / torch.where(y >= 0, y + eps, y - eps)[:, None]


def propagated(model, image, start, rule_of):
    """Relevance of the image's voxels; `rule_of(layer, number)` gives shares(A, b, x, y), outputs by inputs."""
    values = [image]
    for layer in model:
        values.append(layer(values[-1][None])[0].detach())
    relevance = start(values[-1])
    for number, (layer, x) in reversed(list(enumerate(zip(model, values[:-1], strict=True)))):
        if isinstance(layer, AFFINE):
            a, b = dense(layer, x)
            shares = rule_of(layer, number)(a, b, x.flatten(), a @ x.flatten() + b)
            relevance = (shares * relevance.flatten()[:, None]).sum(0).reshape(x.shape)
        elif isinstance(layer, nn.MaxPool3d):
            _, winners = F.max_pool3d(x[None], layer.kernel_size, return_indices=True)
            found = torch.zeros(len(x), x[0].numel(), dtype=x.dtype)
            relevance = found.scatter_add(1, winners[0].flatten(1), relevance.flatten(1)).reshape(x.shape)
        else:
            relevance = relevance.reshape(x.shape)
    return relevance


def everywhere(shares):
    return lambda layer, number: shares


def epsilon_plus(layer, number):
    return partial(shares_alpha_beta, 0.0) if isinstance(layer, nn.Conv3d) else partial(shares_epsilon, 0.1)


def with_first(shares):
    return lambda layer, number: shares if number == 0 else shares_supporting


SIGNS = torch.tensor([-1.0, 1.0], dtype=torch.float64)
SIGNED = [
    (LRPZPlus(), everywhere(partial(shares_alpha_beta, 0.0))),
    (LRPAlphaBeta(0.35), everywhere(partial(shares_alpha_beta, 0.35))),
    (LRPAlphaBeta(1.0), everywhere(partial(shares_alpha_beta, 1.0))),
    (LRPGamma(0.25), everywhere(partial(shares_gamma, 0.25))),
    (LRPGamma(50.0), everywhere(partial(shares_gamma, 50.0))),
    (LRPEpsilonPlus(0.1), epsilon_plus),
]


def map_of(method, model, x, target=(1, 0)):
    found = method(model, x, target)
    return found if isinstance(found, torch.Tensor) else found.map


def check(method, model, rule_of, start):
    found = map_of(method, model, images())
    for row, image in enumerate(images()):
        torch.testing.assert_close(found[row], propagated(model, image, start, rule_of), rtol=1e-8, atol=1e-11)


@pytest.mark.parametrize("name", networks())
@pytest.mark.parametrize(("method", "rule_of"), SIGNED, ids=lambda v: repr(v) if hasattr(v, "tags") else "")
def test_signed_rules_are_the_plain_propagation(name, method, rule_of):
    check(method, networks()[name], rule_of, lambda y: y * SIGNS)


@pytest.mark.parametrize("name", networks())
def test_excitation_backprop_is_a_walk_that_starts_at_one(name):
    check(ExcitationBackprop(), networks()[name], everywhere(shares_supporting), lambda y: SIGNS)


def unnormalised():
    return chain(nn.Conv3d(1, 3, 2), nn.ReLU(), nn.MaxPool3d(2), nn.Flatten(), nn.Linear(6, 2))


@pytest.mark.parametrize(("first", "shares"), [("w2", shares_squared), ("box", shares_box)])
def test_deep_taylor_has_its_own_first_layer(first, shares):
    check(DeepTaylor(first), unnormalised(), with_first(shares), lambda y: y * SIGNS)


def test_deep_taylor_sees_the_image_through_shifts_scales_and_reshapes():
    class Scaled(nn.Module):
        def __init__(self):
            super().__init__()
            self.head = nn.Linear(96, 2)

        def forward(self, x):
            return self.head(((x - 0.5) / 0.25).flatten(1))

    model, x = randomised(Scaled(), 3).double(), images()
    squares = model.head.weight[1].detach() ** 2
    expected = model(x)[:, 1:].detach() * squares / squares.sum()
    torch.testing.assert_close(DeepTaylor()(model, x, 1), expected.reshape(x.shape))


def test_deep_taylor_refuses_an_image_that_is_read_by_anything_but_weights():
    for reader in (nn.MaxPool3d(2), nn.ReLU(), nn.AvgPool3d(2)):
        model = chain(reader, nn.Flatten(), nn.Linear(12 if reader.__class__ != nn.ReLU else 96, 2))
        with pytest.raises(Unsupported, match="the image is read by"):
            DeepTaylor()(model, images(), 1)
    mixed = nn.Module()
    mixed.forward = lambda x: (x + F.conv3d(x, torch.ones(1, 1, 1, 1, 1).double())).flatten(1)[:, :2]
    with pytest.raises(Unsupported, match="the image is read by 'add'"):
        DeepTaylor()(mixed, images(), 1)


@pytest.mark.parametrize("probe", probes(), ids=lambda p: p.name)
def test_the_rules_meet_at_their_ends(probe):
    model, x = probe.model().double(), probe.images.double()
    exact, plus = map_of(LRP0(), model, x), map_of(LRPZPlus(), model, x)
    torch.testing.assert_close(map_of(LRPGamma(0.0), model, x), exact, rtol=1e-9, atol=1e-12)
    assert torch.equal(map_of(LRPAlphaBeta(0.0), model, x), plus)
    assert not torch.allclose(exact, plus)


def unbiased():
    """A network without biases in which every unit has contributions of both signs."""
    layers = [nn.Conv3d(1, 6, 2, bias=False), nn.ReLU(), nn.AvgPool3d(2), nn.Flatten()]
    model = chain(*layers, nn.Linear(12, 5, bias=False), nn.ReLU(), nn.Linear(5, 2, bias=False))
    with torch.no_grad():
        for layer in (model[0], model[4], model[6]):
            layer.weight.flatten(1)[:, 0].abs_()
            layer.weight.flatten(1)[:, 1].abs_().neg_()
    return model, images().abs() + 0.1


@pytest.mark.parametrize("method", [LRPGamma(0.3), LRPZPlus(), DeepTaylor(), DeepTaylor("box")])
def test_without_biases_relevance_is_conserved(method):
    model, x = unbiased()
    torch.testing.assert_close(map_of(method, model, x, 1).flatten(1).sum(1), model(x)[:, 1].detach())


def test_excitation_conserves_the_walk():
    model, x = unbiased()
    with torch.no_grad():
        for layer in (model[0], model[4], model[6]):
            layer.weight.abs_()
    torch.testing.assert_close(ExcitationBackprop()(model, x, 1).sum((1, 2, 3, 4)), torch.ones(2).double())


def test_alpha_beta_conserves_where_something_opposes_and_doubles_where_nothing_does():
    model, x = chain(nn.Flatten(), nn.Linear(96, 2, bias=False)), images().abs()
    total = map_of(LRPAlphaBeta(1.0), model, x, 1).sum((1, 2, 3, 4))
    torch.testing.assert_close(total, model(x)[:, 1].detach())
    with torch.no_grad():
        model[1].weight.abs_()
    total = map_of(LRPAlphaBeta(1.0), model, x, 1).sum((1, 2, 3, 4))
    torch.testing.assert_close(total, 2 * model(x)[:, 1].detach())


def test_z_plus_on_a_linear_model():
    """(w x)+ f / (sum (w x)+ + b+)."""
    model, x = randomised(SmallLinear(), 0).double(), probes()[0].images.double()
    up = (model.head.weight[1].detach() * x.flatten(1)).clamp(min=0)
    total = up.sum(1) + model.head.bias[1].detach().clamp(min=0)
    expected = up * (model(x)[:, 1].detach() / total)[:, None]
    torch.testing.assert_close(map_of(LRPZPlus(), model, x, 1).flatten(1), expected)


def test_a_sum_of_paths_shares_by_what_supports():
    model, x = randomised(Block(), 2).double(), images()
    found = map_of(LRPZPlus(), model, x, 1)
    for row, image in enumerate(x):
        h = image.flatten()
        a = torch.relu(model.first(h)).detach()
        path = model.second(a).detach()
        total = torch.relu(a + path)

        def through(layer, inputs, relevance):
            weights, bias = layer.weight.detach(), layer.bias.detach()
            return relevance @ shares_alpha_beta(0.0, weights, bias, inputs, None)

        start = model.head(total).detach() * torch.tensor([0.0, 1.0])
        relevance = through(model.head, total, start.double())
        both = a.clamp(min=0) + path.clamp(min=0)
        into_a = safe(a.clamp(min=0), both) * relevance
        into_a = into_a + through(model.second, a, safe(path.clamp(min=0), both) * relevance)
        torch.testing.assert_close(found[row].flatten(), through(model.first, h, into_a), rtol=1e-8, atol=1e-11)


class Signs(nn.Module):
    """Every form of an affine operation without weights."""

    def __init__(self):
        super().__init__()
        self.head = nn.Linear(96, 2)
        self.register_buffer("scale", torch.linspace(-1, 1, 96))

    def forward(self, x):
        x = x.flatten(1)
        return self.head(0.5 - x * self.scale + (1 - x) / 3 - x.neg() @ torch.diag(self.scale) - torch.rsub(x, 2))


@pytest.mark.parametrize("method", [LRPGamma(0.0), LRPZPlus()])
def test_every_affine_form_has_its_contributions(method):
    model, x = randomised(Signs(), 4).double(), images()
    found = method(model, x, 1)
    if isinstance(method, LRPGamma):
        torch.testing.assert_close(found.map, LRP0()(model, x, 1).map)
    assert found.map.isfinite().all() and found.map.abs().max() > 0
