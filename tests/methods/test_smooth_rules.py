"""Activations without a corner: relevance is passed on but for f(0), DeepLIFT's slope lies between images."""

from functools import partial

import pytest
import torch
from captum.attr import DeepLift as CaptumDeepLift
from test_gates import OTHERS, TWINS
from test_relevance import images
from test_relevance_rules import map_of, shares_squared, shares_supporting
from torch import nn
from torch.nn import functional as F

from bench.checks.method_probe import randomised
from bench.contracts import Unsupported
from bench.passes import explained, forward
from methods._rules.activations import activation_of, rescaled_smoothly
from methods._rules.call import Call
from methods._rules.differences import References
from methods._rules.written import slope_from_zero
from methods.deeplift import DeepLIFT
from methods.deeplift_reveal import DeepLIFTRevealCancel
from methods.relevance import LRP0
from methods.relevance_supporting import DeepTaylor, ExcitationBackprop

SMOOTH = {
    "gelu": F.gelu,
    "gelu by tanh": partial(F.gelu, approximate="tanh"),
    "silu": F.silu,
    "elu": partial(F.elu, alpha=1.3),
    "softplus": partial(F.softplus, beta=2),
}
DEFINED = [method for method in OTHERS if "DeepLIFT" in repr(method)]
UNDEFINED = [method for method in OTHERS if method not in DEFINED and "DeepSHAP" not in repr(method)]


class Activated(nn.Module):
    """A hidden layer and its activation."""

    def __init__(self, activation, bias=True):
        super().__init__()
        self.first, self.head = nn.Linear(96, 6, bias), nn.Linear(6, 2, bias)
        self.activation = activation

    def forward(self, x):
        return self.head(self.activation(self.first(x.flatten(1))))


def activated(name, bias=True):
    return randomised(Activated(SMOOTH[name], bias), 4).double()


@pytest.mark.parametrize("name", SMOOTH)
@pytest.mark.parametrize(("method", "shares"), TWINS, ids=lambda v: repr(v) if hasattr(v, "tags") else "")
def test_relevance_is_passed_on_but_for_what_zero_gives(method, shares, name):
    """Written out with matrices; f(0) is a bias of the sum x s(x) + f(0), by the method's own rule."""
    model, x = activated(name), images()
    computed = map_of(method, model, x, 1)
    zero = SMOOTH[name](torch.zeros(()).double())
    for row, image in enumerate(x):
        h = model.first(image.flatten()).detach()
        y = SMOOTH[name](h)

        def through(weights, bias, rule, inputs, relevance):
            return relevance @ rule(weights, bias, inputs, weights @ inputs + bias)

        def by(layer):
            return layer.weight.detach(), layer.bias.detach()

        start = torch.tensor([0.0, 1.0]).double()
        start = start if isinstance(method, ExcitationBackprop) else start * model.head(y).detach()
        relevance = through(*by(model.head), shares, y, start)
        if zero != 0:
            relevance = through(torch.eye(6).double(), zero.expand(6), shares, y - zero, relevance)
        first = shares_squared if isinstance(method, DeepTaylor) else shares
        expected = through(*by(model.first), first, image.flatten(), relevance)
        torch.testing.assert_close(computed[row].flatten(), expected, rtol=1e-7, atol=1e-10)


@pytest.mark.parametrize("name", ["gelu", "silu", "elu"])
def test_an_activation_that_is_zero_at_zero_keeps_all_relevance(name):
    model, x = activated(name, bias=False), images()
    torch.testing.assert_close(LRP0()(model, x, 1).map.flatten(1).sum(1), model(x)[:, 1].detach())


def test_softplus_loses_what_it_gives_at_zero():
    model, x = activated("softplus", bias=False), images()
    at_zero = SMOOTH["softplus"](torch.zeros(1, 6).double())
    lost = model.head(at_zero)[:, 1].detach()
    torch.testing.assert_close(LRP0()(model, x, 1).map.flatten(1).sum(1), model(x)[:, 1].detach() - lost)


def test_relevance_that_shares_all_gives_softplus_to_what_supports():
    """As at every sum with a bias: all where the input is positive, nothing where it is not."""
    x = torch.tensor([[-1.0, 0.5, 2.0]]).double()
    y = F.softplus(x)
    shares = shares_supporting(torch.eye(3).double(), None, x[0], None)
    model = nn.Module()
    model.forward = lambda image: F.softplus(image.flatten(1))
    image = x.reshape(1, 1, 1, 1, 3).clone()
    computed = torch.cat([ExcitationBackprop()(model, image, c).flatten(1) for c in range(3)])
    torch.testing.assert_close(computed, shares)
    assert (y > 0).all()


@pytest.mark.parametrize("name", SMOOTH)
def test_the_slope_from_zero_is_its_definition_and_the_derivative_at_zero(name):
    f, x = SMOOTH[name], torch.tensor([-30.0, -1.0, -1e-3, 1e-3, 4.0, 50.0]).double()
    torch.testing.assert_close(slope_from_zero(x, f), (f(x) - f(torch.zeros_like(x))) / x)
    for value in (0.0, 1e-9, -1e-30, 1e-7):
        tiny = torch.tensor(value).double().requires_grad_()
        (derivative,) = torch.autograd.grad(f(tiny), tiny)
        torch.testing.assert_close(slope_from_zero(tiny.detach(), f), derivative, rtol=1e-5, atol=0)
        torch.testing.assert_close(slope_from_zero(tiny.detach().float(), f), derivative.float(), rtol=1e-5, atol=0)


@pytest.mark.parametrize("name", SMOOTH)
@pytest.mark.parametrize("method", DEFINED, ids=repr)
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-6), (torch.float64, 1e-12)])
def test_deeplift_sums_to_the_rise_of_the_score(method, name, dtype, tolerance):
    model, x = activated(name).to(dtype), images().to(dtype)
    result = method(model, x, (1, 0))
    rise = explained(forward(model, x) - forward(model, torch.zeros_like(x)), (1, 0))
    scale = result.map.abs().sum().item()
    torch.testing.assert_close(result.map.flatten(1).sum(1), rise, rtol=0, atol=tolerance * scale)


def test_the_rescale_rule_is_its_quotient_and_the_derivative_where_images_agree():
    x = torch.tensor([-2.0, 0.3, 1.0, 1.0]).double().requires_grad_()
    reference = torch.tensor([1.0, -0.2, 1.0, 1.0 + 1e-12]).double()
    for name, f in SMOOTH.items():
        references = References()
        references.of(Call(name, f, (reference,), {}, tracked=(reference,)))
        references.follow()
        call = Call(name, f, (x,), {}, tracked=(x,))
        (slope,) = torch.autograd.grad(rescaled_smoothly(references)(call).sum(), x)
        (derivative,) = torch.autograd.grad(activation_of(call)(x).sum(), x)
        torch.testing.assert_close(slope[:2], ((f(x) - f(reference)) / (x - reference)).detach()[:2])
        torch.testing.assert_close(slope[2:], derivative[2:])


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("layer", [nn.ELU(1.3), nn.Softplus(2)])
def test_deeplift_is_captums_at_activations_that_captum_knows(layer):
    model = randomised(nn.Sequential(nn.Flatten(), nn.Linear(96, 6), layer, nn.Linear(6, 2)), 4).double()
    expected = CaptumDeepLift(model).attribute(images(), baselines=torch.zeros_like(images()), target=1).detach()
    torch.testing.assert_close(DeepLIFT()(model, images(), 1).map, expected, rtol=1e-9, atol=1e-12)


def test_reveal_cancel_is_its_formula():
    """One unit of two voxels that cancel each other."""
    model = nn.Sequential(nn.Flatten(), nn.Linear(2, 1, bias=False)).double()
    model[1].weight.data = torch.tensor([[2.0, -1.5]]).double()
    whole = nn.Module()
    whole.forward = lambda x: F.silu(model(x))
    x = torch.tensor([1.0, 0.7]).double().reshape(1, 1, 1, 1, 2)
    up, down, f = torch.tensor(2.0).double(), torch.tensor(-1.05).double(), F.silu
    expected = torch.stack([f(up) + f(up + down) - f(down), f(down) + f(up + down) - f(up)]) / 2
    torch.testing.assert_close(DeepLIFTRevealCancel()(whole, x, 0).map.flatten(), expected)


@pytest.mark.parametrize("name", SMOOTH)
@pytest.mark.parametrize("method", UNDEFINED, ids=repr)
def test_methods_that_ask_which_units_are_active_refuse_it(method, name):
    with pytest.raises(Unsupported, match=f"no rule for the operation '{name.split()[0]}'"):
        method(activated(name), images(), 1)
