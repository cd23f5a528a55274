import pytest
import torch
from captum.attr import IntegratedGradients as CaptumIG
from captum.attr import Saliency

from bench.checks.method_probe import Plain, SmallLinear, probes, randomised
from bench.contracts import Context
from bench.passes import explained, forward, gradient
from methods.gradients import Gradient, GradientXInput, SmoothGrad
from methods.paths import IntegratedGradients

PROBES = probes()


def double(probe):
    return probe.model().double(), probe.images.double()


@pytest.mark.parametrize("probe", PROBES, ids=lambda p: p.name)
def test_gradient_is_captums(probe):
    model, x = double(probe)
    expected = Saliency(model).attribute(x.clone().requires_grad_(), target=1, abs=False)
    torch.testing.assert_close(Gradient()(model, x, 1), expected, rtol=1e-10, atol=1e-12)
    contrast = Gradient()(model, x, (1, 0))
    torch.testing.assert_close(contrast, Gradient()(model, x, 1) - Gradient()(model, x, 0), rtol=1e-9, atol=1e-12)


def test_gradient_x_input_is_the_product():
    model, x = double(PROBES[0])
    result = GradientXInput()(model, x, (1, 0))
    assert torch.equal(result.map, x * gradient(model, x, (1, 0)))


@pytest.mark.parametrize("baseline", ["zero", "mean"])
@pytest.mark.parametrize(("rule", "name"), [("midpoint", "riemann_middle"), ("gauss_legendre", "gausslegendre")])
def test_integrated_gradients_are_captums(rule, name, baseline):
    model, x = double(PROBES[0])
    start = torch.zeros_like(x) if baseline == "zero" else x.mean((1, 2, 3, 4), keepdim=True).expand_as(x)
    expected = CaptumIG(model).attribute(x, baselines=start, target=1, n_steps=16, method=name)
    found = IntegratedGradients(steps=16, rule=rule, baseline=baseline)(model, x, 1)
    # captum rounds its step weights to float32
    torch.testing.assert_close(found.map, expected, rtol=1e-5, atol=1e-7 * expected.abs().max().item())


@pytest.mark.parametrize("probe", PROBES, ids=lambda p: p.name)
@pytest.mark.parametrize("baseline", ["zero", "mean"])
def test_integrated_gradients_complete_within_the_reported_gap(probe, baseline):
    model, x = double(probe)
    result = IntegratedGradients(baseline=baseline)(model, x, (1, 0))
    start = torch.zeros_like(x) if baseline == "zero" else x.mean((1, 2, 3, 4), keepdim=True).expand_as(x)
    rise = explained(forward(model, x) - forward(model, start), (1, 0))
    torch.testing.assert_close(result.map.flatten(1).sum(1) - result.gap, rise, rtol=1e-9, atol=1e-10)
    fine = IntegratedGradients(steps=1000, baseline=baseline)(model, x, (1, 0))
    assert fine.gap.abs().max() < 0.01 * rise.abs().max()


def test_one_step_is_enough_on_a_linear_model():
    model, x = randomised(SmallLinear(), 0).double(), PROBES[0].images.double()
    result = IntegratedGradients(steps=1, baseline="mean")(model, x, (1, 0))
    weight = (model.head.weight[1] - model.head.weight[0]).detach().reshape(1, *x.shape[1:])
    torch.testing.assert_close(result.map, weight * (x - x.mean((1, 2, 3, 4), keepdim=True)))
    assert result.gap.abs().max() < 1e-10


def test_the_mean_baseline_is_the_mean_of_the_domain():
    model, x = double(PROBES[0])
    domain = torch.zeros_like(x, dtype=torch.bool)
    domain[:, :, 2:6, 3:9, 2:6] = True
    result = IntegratedGradients(steps=2, baseline="mean")(model, x, 1, Context(domain=domain))
    level = x[domain].reshape(3, -1).mean(1).reshape(-1, 1, 1, 1, 1)
    torch.testing.assert_close(result.map, result.multiplier * (x - level))


def test_smoothgrad_without_noise_is_the_gradient():
    probe = PROBES[1]
    found = SmoothGrad(samples=3, noise=0.0)(probe.model(), probe.images, (1, 0))
    torch.testing.assert_close(found, gradient(probe.model(), probe.images, (1, 0)), rtol=1e-6, atol=1e-8)


def test_smoothgrad_is_its_definition():
    """One subject, one noise volume at a time, the noise of each subject from its own generator."""
    model, x = double(PROBES[0])
    domain = torch.zeros_like(x, dtype=torch.bool)
    domain[:, :, 2:6] = True
    context = Context(subjects=(3, 9, 4), seed_of=lambda s: 100 + s, domain=domain)
    found = SmoothGrad(samples=4, noise=0.7)(model, x, (1, 0), context)
    for row, subject in enumerate((3, 9, 4)):
        generator, total = torch.Generator().manual_seed(100 + subject), 0
        scale = 0.7 * x[row][domain[row]].std(correction=0)
        for _ in range(4):
            noise = torch.randn(1, 8, 12, 8, generator=generator).double()
            total = total + gradient(model, (x[row] + scale * noise)[None], (1, 0))[0]
        torch.testing.assert_close(found[row], total / 4, rtol=1e-9, atol=1e-12)


def test_an_empty_image_has_no_spread_and_gets_no_noise():
    model = randomised(Plain(), 0)
    blank = torch.zeros(2, 1, 8, 12, 8)
    torch.testing.assert_close(SmoothGrad(samples=2)(model, blank, 1), gradient(model, blank, 1))
