"""LRP against a propagation of relevances written out with dense matrices, free of autograd and of multipliers."""

import pytest
import torch
from torch import nn

from bench.checks.method_probe import SmallLinear, probes, randomised
from bench.passes import gradient
from methods.relevance import LRP0, LRPEpsilon

SIZE = (4, 6, 4)
AFFINE = (nn.Conv3d, nn.BatchNorm3d, nn.AvgPool3d, nn.AdaptiveAvgPool3d, nn.Linear)


def chain(*layers):
    return randomised(nn.Sequential(*layers), 7).double()


def networks():
    return {
        "max": chain(nn.Conv3d(1, 3, 3, padding=1), nn.BatchNorm3d(3), nn.ReLU(), nn.MaxPool3d(2),
                     nn.Conv3d(3, 4, 2), nn.ReLU(), nn.AdaptiveAvgPool3d(1), nn.Flatten(), nn.Linear(4, 2)),
        "average": chain(nn.BatchNorm3d(1), nn.Conv3d(1, 2, 3), nn.ReLU(), nn.AvgPool3d(2), nn.Flatten(),
                         nn.Linear(4, 5), nn.ReLU(), nn.Dropout(), nn.Linear(5, 2)),
        "linear": chain(nn.Flatten(), nn.Linear(96, 2)),
    }  # fmt: skip


def images():
    return torch.randn(2, 1, *SIZE, generator=torch.Generator().manual_seed(3), dtype=torch.float64)


def dense(layer, x):
    """A and b of y = A x + b, from the layer's response to unit vectors."""
    with torch.no_grad():
        bias = layer(torch.zeros_like(x)[None])[0]
        units = torch.eye(x.numel(), dtype=x.dtype).reshape(-1, *x.shape)
        return (layer(units) - bias).flatten(1).T, bias.flatten()


def stabilised(y, eps):
    """The denominator; an exact zero passes on nothing."""
    moved = torch.where(y >= 0, y + eps, y - eps)
    return torch.where(moved == 0, torch.inf, moved)


def back(layer, x, relevance, eps):
    """Relevance of one layer's inputs from that of its outputs."""
    if isinstance(layer, AFFINE):
        matrix, bias = dense(layer, x)
        y = matrix @ x.flatten() + bias
        shares = matrix * x.flatten() / stabilised(y, eps)[:, None]
        return (shares * relevance.flatten()[:, None]).sum(0).reshape(x.shape)
    if isinstance(layer, nn.MaxPool3d):
        _, winners = nn.functional.max_pool3d(x[None], layer.kernel_size, return_indices=True)
        found = torch.zeros(len(x), x[0].numel(), dtype=x.dtype)
        return found.scatter_add(1, winners[0].flatten(1), relevance.flatten(1)).reshape(x.shape)
    return relevance.reshape(x.shape)


def propagated(model, image, eps, start):
    values = [image]
    for layer in model:
        values.append(layer(values[-1][None])[0].detach())
    relevance = values[-1] * start
    for layer, x in zip(reversed(model), reversed(values[:-1]), strict=True):
        relevance = back(layer, x, relevance, eps)
    return relevance


@pytest.mark.parametrize("name", networks())
@pytest.mark.parametrize("eps", [0.0, 1e-3, 0.3])
def test_it_is_the_plain_propagation_of_relevances(name, eps):
    model, x = networks()[name], images()
    found = (LRPEpsilon(eps) if eps else LRP0())(model, x, (1, 0))
    start = torch.tensor([-1.0, 1.0], dtype=torch.float64)
    for row, image in enumerate(x):
        torch.testing.assert_close(found.map[row], propagated(model, image, eps, start), rtol=1e-9, atol=1e-12)


class Block(nn.Module):
    """Linear layers with a sum of two paths, so that the twin can be written by hand."""

    def __init__(self):
        super().__init__()
        self.first, self.second, self.head = nn.Linear(96, 5), nn.Linear(5, 5), nn.Linear(5, 2)

    def forward(self, x):
        a = torch.relu(self.first(x.flatten(1)))
        return self.head(torch.relu(a + self.second(a)))


@pytest.mark.parametrize("eps", [0.0, 0.2])
def test_a_sum_divides_relevance_by_what_each_path_brings(eps):
    model, x = randomised(Block(), 2).double(), images()
    found = (LRPEpsilon(eps) if eps else LRP0())(model, x, 1)
    for row, image in enumerate(x):
        h = image.flatten()
        a = torch.relu(model.first(h)).detach()
        path = model.second(a).detach()
        total = torch.relu(a + path)
        start = model.head(total).detach() * torch.tensor([0.0, 1.0])
        relevance = back(model.head, total, start, eps) / stabilised(a + path, eps)
        into_a = a * relevance + back(model.second, a, path * relevance, eps)
        expected = back(model.first, h, into_a, eps).reshape(image.shape)
        torch.testing.assert_close(found.map[row], expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("probe", probes(), ids=lambda p: p.name)
def test_lrp_0_is_gradient_x_input_biases_and_all(probe):
    model, x = probe.model().double(), probe.images.double()
    torch.testing.assert_close(LRP0()(model, x, (1, 0)).map, x * gradient(model, x, (1, 0)), rtol=1e-10, atol=1e-13)


def test_without_biases_relevance_is_conserved():
    model = chain(nn.Conv3d(1, 3, 3, bias=False), nn.ReLU(), nn.MaxPool3d(2), nn.Flatten(), nn.Linear(6, 2, bias=False))
    found = LRP0()(model, images(), 1).map.flatten(1).sum(1)
    torch.testing.assert_close(found, model(images())[:, 1].detach())


def test_epsilon_on_a_linear_model():
    """w x f / (f + epsilon sign f), class by class."""
    model, x = randomised(SmallLinear(), 0).double(), probes()[0].images.double()
    score = model(x)[:, 1].detach().reshape(-1, 1, 1, 1, 1)
    weight = model.head.weight[1].detach().reshape(1, *x.shape[1:])
    torch.testing.assert_close(LRPEpsilon(0.5)(model, x, 1).map, weight * x * score / stabilised(score, 0.5))


def test_small_epsilon_tends_to_lrp_0():
    probe = probes()[1]
    model, x = probe.model().double(), probe.images.double()
    exact = LRP0()(model, x, (1, 0)).map
    errors = [(LRPEpsilon(size)(model, x, (1, 0)).map - exact).abs().max().item() for size in (1e-4, 1e-6, 1e-8)]
    assert errors[0] > 10 * errors[1] > 100 * errors[2]
