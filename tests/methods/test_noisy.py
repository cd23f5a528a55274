import torch

from bench.checks.method_probe import SmallLinear, probes, randomised
from bench.contracts import Context
from bench.passes import gradient
from methods._shared.noise import noisy_gradients
from methods.gradients import SmoothGrad
from methods.noisy import SmoothGradSquared, VarGrad

PROBE = probes()[0]


def test_the_variance_is_the_mean_square_minus_the_squared_mean():
    model, x = PROBE.model().double(), PROBE.images.double()
    mean, square, variance = (kind(9, 0.7)(model, x, (1, 0)) for kind in (SmoothGrad, SmoothGradSquared, VarGrad))
    torch.testing.assert_close(variance, square - mean.square(), rtol=1e-9, atol=1e-12)
    slopes = torch.stack(list(noisy_gradients(model, x, (1, 0), Context(), 9, 0.7)))
    torch.testing.assert_close(square, slopes.square().mean(0))
    torch.testing.assert_close(variance, slopes.var(0, correction=0))


def test_without_noise_nothing_varies():
    model, x = PROBE.model(), PROBE.images
    assert VarGrad(samples=4, noise=0.0)(model, x, 1).abs().max() < 1e-12
    torch.testing.assert_close(SmoothGradSquared(3, 0.0)(model, x, 1), gradient(model, x, 1).square())


def test_a_small_variance_keeps_its_digits_in_float32():
    model, x = PROBE.model(), PROBE.images
    exact = VarGrad(8, 0.01)(PROBE.model().double(), x.double(), 1)
    found, naive = VarGrad(8, 0.01)(model, x, 1), SmoothGradSquared(8, 0.01)(model, x, 1)
    naive = naive - SmoothGrad(8, 0.01)(model, x, 1).square()
    off, naive_off = ((values.double() - exact).abs().mean() / exact.mean() for values in (found, naive))
    assert off < naive_off / 10


def test_a_linear_model_has_no_variance():
    model = randomised(SmallLinear(), 0)
    assert VarGrad()(model, PROBE.images, 1).abs().max() == 0
