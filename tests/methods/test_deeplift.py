"""DeepLIFT: complete to rounding on every network, a library's where that is right, other methods' where all agree."""

import pytest
import torch
from captum.attr import DeepLift as CaptumDeepLift
from torch import nn
from torch.nn import functional as F

from bench.checks.method_probe import STYLES, Plain, SmallLinear, SmallResNet, probes, randomised
from bench.contracts import Attribution, Batch, Context, Unsupported
from bench.passes import explained, forward, gradient
from methods._rules import cancelling, differences
from methods._rules.call import Call
from methods._rules.pooling import sharing
from methods._rules.shares import over
from methods.deeplift import DeepLIFT, DeepSHAP
from methods.deeplift_reveal import DeepLIFTRevealCancel
from methods.expected import ExpectedGradients
from methods.paths import IntegratedGradients

IMAGES = probes()[0].images
REFERENCES = torch.randn(5, 1, *IMAGES.shape[2:], generator=torch.Generator().manual_seed(8))


class Overlapping(Plain):
    """Overlapping, padded max pooling, a functional maximum over space, and ReLUs on sums of paths."""

    def forward(self, x):
        x = F.max_pool3d(self.relu(0, self.norm1(self.conv1(x))), 3, stride=2, padding=1)
        x = self.conv2(x)
        x = x + F.relu(0.5 - x)
        return self.head(F.relu(x).amax((2, 3, 4)))


def context(dtype=torch.float64):
    everyone = torch.cat([REFERENCES, 50 + REFERENCES[:2]]).to(dtype)
    batch = Batch(everyone, torch.tensor([0] * 5 + [1] * 2), torch.arange(7))
    return Context(subjects=(4, 5, 6), training=lambda: batch)


def rise(model, x, starts):
    return explained(forward(model, x) - forward(model, starts).mean(0, keepdim=True), (1, 0))


@pytest.mark.parametrize("network", [Plain, SmallResNet, Overlapping])
@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-6), (torch.float64, 1e-13)])
def test_the_map_sums_to_the_rise_of_the_score(network, style, dtype, tolerance):
    model, x = randomised(network(style), 0).to(dtype), IMAGES.to(dtype)
    for baseline in ("zero", "mean"):
        result = DeepLIFT(baseline)(model, x, (1, 0))
        scale = result.map.abs().flatten(1).sum(1)
        assert (result.gap.abs() <= tolerance * scale).all()
    start = x.mean((1, 2, 3, 4), keepdim=True).expand_as(x)
    change = explained(forward(model, x) - forward(model, start), (1, 0))
    torch.testing.assert_close(result.map.flatten(1).sum(1), change, rtol=0, atol=2 * tolerance * scale.max().item())


@pytest.mark.parametrize("network", [Plain, SmallResNet, Overlapping])
def test_deep_shap_sums_to_the_rise_over_the_mean_of_the_controls(network):
    model, x = randomised(network(), 0).double(), IMAGES.double()
    found = DeepSHAP(references=5)(model, x, (1, 0), context())
    torch.testing.assert_close(found.flatten(1).sum(1), rise(model, x, REFERENCES.double()), rtol=1e-10, atol=1e-10)


class Stacked(nn.Module):
    """One encoder for both halves of the image, stacked along axis 0 or not; `write` says how, the function is one."""

    def __init__(self, write):
        super().__init__()
        self.conv1, self.conv2, self.head = nn.Conv3d(1, 4, 3, padding=1), nn.Conv3d(4, 4, 3), nn.Linear(8, 2)
        self.write = write

    def encode(self, x):
        return self.conv2(F.max_pool3d(F.relu(self.conv1(x)), 2, 1)).relu().mean((2, 3, 4))

    def forward(self, x):
        return self.head(torch.cat(self.write(self.encode, *x.chunk(2, 2)), 1))


def interleaved(encode, left, right):
    both = torch.stack([left, right], 1)
    return list(encode(both.flatten(0, 1)).unflatten(0, both.shape[:2]).unbind(1))


STACKINGS = {
    "one after the other": lambda encode, left, right: list(encode(torch.cat([left, right], 0)).chunk(2)),
    "interleaved": interleaved,
    "both twice": lambda encode, left, right: list(encode(torch.cat([left, right, right, left], 0)).chunk(4)[:2]),
}


@pytest.mark.parametrize("name", STACKINGS)
@pytest.mark.parametrize("method", [DeepLIFT(), DeepLIFTRevealCancel(), DeepSHAP(references=3)], ids=repr)
def test_the_map_does_not_depend_on_what_stands_along_the_first_axis(method, name):
    apart = randomised(Stacked(lambda encode, left, right: [encode(left), encode(right)]), 0).double()
    stacked, x = randomised(Stacked(STACKINGS[name]), 0).double(), IMAGES.double()
    torch.testing.assert_close(stacked(x), apart(x))
    found, expected = (Attribution.of(method(model, x, (1, 0), context())).map for model in (stacked, apart))
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-12)


class Slices(nn.Module):
    """A 2D encoder of every slice; subjects stand along the second axis in between."""

    def __init__(self):
        super().__init__()
        self.conv, self.mix, self.head = nn.Conv2d(1, 4, 3, padding=1), nn.Linear(4, 4), nn.Linear(4, 2)

    def forward(self, x):
        slices = torch.stack(x.unbind(2)).flatten(0, 1)
        found = F.relu(self.conv(slices)).mean((2, 3)).unflatten(0, (x.shape[2], len(x)))
        return self.head(F.relu(self.mix(found)).amax(0))


@pytest.mark.parametrize("method", [DeepLIFT(), DeepLIFTRevealCancel(), DeepSHAP(references=5)], ids=repr)
def test_networks_that_put_slices_before_subjects_have_complete_maps(method):
    model, x = randomised(Slices(), 0).double(), IMAGES.double()
    found = Attribution.of(method(model, x, (1, 0), context())).map
    starts = REFERENCES.double() if isinstance(method, DeepSHAP) else torch.zeros_like(x[:1])
    torch.testing.assert_close(found.flatten(1).sum(1), rise(model, x, starts), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("method", [DeepLIFT(), DeepLIFTRevealCancel(), DeepSHAP(references=2)], ids=repr)
def test_a_map_that_misses_the_rise_of_the_score_is_refused(method, monkeypatch):
    """Here because the slope of a ReLU is broken."""
    model = randomised(Plain(), 0).double()
    broken = classmethod(lambda cls, image, reference: 0.9 * image.clamp(min=0) + 0.1 * image.clamp(min=0).detach())
    monkeypatch.setattr(differences._Rescaled, "apply", broken)
    monkeypatch.setattr(cancelling, "over", lambda a, b: 0.9 * over(a, b))
    with pytest.raises(Unsupported, match="misses the rise of the score"):
        method(model, IMAGES.double(), (1, 0), context())


class Branching(Plain):
    """Takes another way where the image is dark."""

    def forward(self, x):
        x = self.features(x)
        x = x if self.dark(x) else F.relu(x - 1)
        return self.head(x.mean((2, 3, 4)))


@pytest.mark.parametrize("method", [DeepLIFT(), DeepLIFTRevealCancel()], ids=repr)
def test_a_network_that_takes_another_way_on_the_reference_is_refused(method):
    model, ways = randomised(Branching(), 0).double(), iter([True, True, False, False])
    model.dark = lambda _: next(ways)
    with pytest.raises(Unsupported, match="no counterpart on its reference"):
        method(model, IMAGES.double(), (1, 0))


class Average(nn.Sequential):
    """Average pooling and one module a ReLU, which the library implementation gets right."""

    def __init__(self):
        layers = [nn.Conv3d(1, 3, 3, padding=1), nn.BatchNorm3d(3), nn.ReLU(), nn.AvgPool3d(2), nn.Conv3d(3, 4, 3)]
        super().__init__(*layers, nn.ReLU(), nn.Flatten(), nn.Linear(64, 6), nn.ReLU(), nn.Linear(6, 2))


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_it_is_captums_where_captums_is_right():
    model, x = randomised(Average(), 0).double(), IMAGES.double()
    for baseline in ("zero", "mean"):
        start = torch.zeros_like(x) if baseline == "zero" else x.mean((1, 2, 3, 4), keepdim=True).expand_as(x)
        expected = CaptumDeepLift(model).attribute(x, baselines=start, target=1).detach()
        torch.testing.assert_close(DeepLIFT(baseline)(model, x, 1).map, expected, rtol=1e-9, atol=1e-12)


def unbiased():
    model = randomised(nn.Sequential(
        nn.Conv3d(1, 3, 3, bias=False), nn.ReLU(), nn.MaxPool3d(2), nn.Conv3d(3, 4, 2, bias=False), nn.ReLU(),
        nn.Flatten(), nn.Linear(64, 2, bias=False),
    ), 6)  # fmt: skip
    return model.double(), IMAGES.double()


def test_without_biases_it_is_integrated_gradients_and_gradient_x_input():
    model, x = unbiased()
    found = DeepLIFT()(model, x, (1, 0)).map
    torch.testing.assert_close(found, x * gradient(model, x, (1, 0)), rtol=1e-9, atol=1e-12)
    torch.testing.assert_close(found, IntegratedGradients(steps=3)(model, x, (1, 0)).map, rtol=1e-9, atol=1e-12)


def test_an_image_equal_to_its_reference_has_the_gradient_and_no_contributions():
    model, x = randomised(Average(), 0).double(), torch.zeros_like(IMAGES).double()
    result = DeepLIFT()(model, x, 1)
    torch.testing.assert_close(result.multiplier, gradient(model, x, 1))
    assert result.map.abs().max() == 0


def test_on_a_linear_model_both_give_w_times_the_distance_from_the_mean_control():
    model, x = randomised(SmallLinear(), 0).double(), IMAGES.double()
    weight = (model.head.weight[1] - model.head.weight[0]).detach().reshape(1, *x.shape[1:])
    expected = weight * (x - REFERENCES.double().mean(0, keepdim=True))
    for method in (DeepSHAP(references=5), ExpectedGradients(samples=10)):
        torch.testing.assert_close(method(model, x, (1, 0), context()), expected)


def test_deep_shap_is_the_mean_over_its_references():
    model, x = randomised(Plain(), 0).double(), IMAGES.double()
    flat = Batch(torch.zeros_like(x), torch.zeros(3, dtype=torch.long), torch.arange(3))
    found = DeepSHAP(references=2)(model, x, 1, Context(training=lambda: flat))
    torch.testing.assert_close(found, DeepLIFT()(model, x, 1).map)
    torch.testing.assert_close(DeepSHAP(references=3)(model, x, 1), found)


def test_expected_gradients_is_its_definition_and_tends_to_completeness():
    model, x = randomised(Plain(), 0).double(), IMAGES.double()
    found = ExpectedGradients(samples=7)(model, x, (1, 0), context())
    for row in range(3):
        generator = context().generator(row)
        order = torch.cat([torch.randperm(5, generator=generator) for _ in range(2)])
        places = (torch.arange(7) + torch.rand(7, generator=generator)) / 7
        total = 0
        for number, place in zip(order, places.double(), strict=False):
            start = REFERENCES[number].double()
            total = total + (x[row] - start) * gradient(model, (start + place * (x[row] - start))[None], (1, 0))[0]
        torch.testing.assert_close(found[row], total / 7, rtol=1e-6, atol=1e-9)
    many = ExpectedGradients(samples=1000)(model, x, (1, 0), context()).flatten(1).sum(1)
    expected = rise(model, x, REFERENCES.double())
    assert (many - expected).abs().max() < 0.03 * expected.abs().max()


def test_without_controls_every_training_image_is_a_reference():
    model, x = randomised(SmallLinear(), 0).double(), IMAGES.double()
    sick = Batch(REFERENCES.double(), torch.ones(5, dtype=torch.long), torch.arange(5))
    found = DeepSHAP(references=5)(model, x, 1, Context(training=lambda: sick))
    torch.testing.assert_close(found, DeepSHAP(references=5)(model, x, 1, context()))


POOLS = {
    "max_pool3d": [
        {"kernel_size": 2},
        {"kernel_size": (3, 2, 3), "stride": (2, 1, 3), "padding": 1},
        {"kernel_size": tuple(IMAGES.shape[2:])},
    ],
    "adaptive_max_pool3d": [{"output_size": 1}, {"output_size": (2, None, 4)}],
    "amax": [{"dim": (2, 3, 4)}],
}


@pytest.mark.parametrize(("name", "options"), [(name, given) for name, all in POOLS.items() for given in all])
def test_shared_pooling_is_pooling_with_derivatives_shared_at_ties(name, options):
    x = IMAGES.double().requires_grad_()
    call = Call(name, getattr(F, name, torch.amax), (x,), options, tracked=(x,))
    assert torch.equal(sharing(call)(x), call())
    steps = torch.randn(call().shape, generator=torch.Generator().manual_seed(0)).double()
    slopes = [torch.autograd.grad(y, x, steps)[0] for y in (call(), sharing(call)(x))]
    torch.testing.assert_close(*slopes)
    flat = torch.zeros_like(x).requires_grad_()
    (slope,) = torch.autograd.grad(sharing(call)(flat).sum(), flat)
    torch.testing.assert_close(slope.sum(), torch.tensor(float(call().numel())).double())
    if "padding" not in options:
        assert slope.unique().numel() == 1


@pytest.mark.parametrize(
    "pool",
    [nn.MaxPool3d(2, return_indices=True), nn.MaxPool3d(2, dilation=2), nn.MaxPool3d(3, ceil_mode=True),
     nn.AdaptiveMaxPool3d(3)],
)  # fmt: skip
def test_pooling_without_a_rule_is_refused(pool):
    with pytest.raises(Unsupported, match="no rule"):
        DeepLIFT()(nn.Sequential(nn.Conv3d(1, 2, 1), pool, nn.Flatten()), IMAGES, 0)


def test_a_unit_at_zero_in_image_and_reference_has_slope_zero():
    model = nn.Sequential(nn.ReLU(), nn.Flatten(), nn.Linear(IMAGES[0].numel(), 2)).to(IMAGES.dtype)
    x = IMAGES.clone()
    x[..., 0] = 0
    slope = DeepLIFT()(model, x, 0).multiplier
    assert (slope[..., 0] == 0).all() and (slope[..., 1:][x[..., 1:] > 0] != 0).all()
