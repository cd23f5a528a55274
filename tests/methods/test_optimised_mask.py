import torch
from torch import nn

from bench.checks.method_probe import Plain, probes, randomised
from bench.passes import explained, forward
from methods.optimised_mask import OptimisedMask

SHAPE = (16, 20, 16)
BOX = (slice(3, 8), slice(10, 16), slice(5, 10))


class Reader(nn.Module):
    """Class 1 is the mean of one box, through a convolution that changes nothing and a ReLU; class 0 is zero."""

    def __init__(self, slope=1.0):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1, 1, 3, 3, 3))
        self.weight.data[:, :, 1, 1, 1] = slope

    def forward(self, x):
        read = torch.relu(nn.functional.conv3d(x, self.weight, padding=1))[:, 0, *BOX].mean((1, 2, 3))
        return torch.stack([0 * read, read], 1)


IMAGES = 1 + torch.rand(2, 1, *SHAPE, generator=torch.Generator().manual_seed(0))


def test_it_finds_the_box_that_a_network_reads():
    found = OptimisedMask(fill="zero", cells=16)(Reader(), IMAGES, (1, 0))
    inside = torch.zeros_like(found)
    inside[:, :, *BOX] = 1
    assert (found * inside).sum() / found.sum() > 0.6
    assert found[inside == 1].mean() > 0.85 and found[inside == 0].mean() < 0.05
    left = explained(forward(Reader(), (1 - found) * IMAGES), (1, 0)) / explained(forward(Reader(), IMAGES), (1, 0))
    assert left.max() < 0.15


def test_the_scale_of_the_score_does_not_matter():
    one, many = (OptimisedMask(20)(Reader(slope), IMAGES, (1, 0)) for slope in (1.0, 1000.0))
    torch.testing.assert_close(one, many, rtol=1e-3, atol=1e-4)


def test_what_it_minimises_falls():
    """Against the same function by hand, on a network with more in it."""
    model, x = randomised(Plain(), 0), probes()[0].images
    method = OptimisedMask(60, cells=12, fill="zero")

    def price(hidden):
        worth = (explained(forward(model, x), (1, 0)) - explained(forward(model, 0 * x), (1, 0))).abs()
        return explained(forward(model, (1 - hidden) * x), (1, 0)) / worth + hidden.flatten(1).mean(1)

    assert (price(method(model, x, (1, 0))) < price(0 * x)).all()


def test_nothing_is_hidden_where_nothing_matters():
    assert (OptimisedMask(10)(Reader(), torch.ones_like(IMAGES), (1, 0)) == 0).all()
