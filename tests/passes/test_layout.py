"""The layout in memory: channels last where a network runs in it, contiguous elsewhere; images follow the weights."""

from math import prod

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from bench.checks.networks import check_outputs
from bench.networks.cnn import PooledCNN
from bench.passes import forward, gradient
from bench.passes.forward import laid_out
from bench.passes.layout import fast_layout, runs_fast
from bench.training.training import initialised

SHAPE = (8, 12, 8)
IMAGES = torch.rand(3, 1, *SHAPE, generator=torch.Generator().manual_seed(1))
LAST = torch.channels_last_3d


class Ends(nn.Module):
    """Two convolutions and the given end, as people write them."""

    def __init__(self, end, features, outputs=2):
        super().__init__()
        self.first, self.second = nn.Conv3d(1, 4, 3, padding=1), nn.Conv3d(4, 4, 3, padding=1)
        self.end, self.readout = end, nn.Linear(features, outputs)

    def forward(self, x):
        return self.readout(self.end(self.second(F.relu(self.first(x)))))


def viewed(shape=SHAPE, outputs=2):
    return Ends(lambda x: x.view(x.size(0), -1), 4 * prod(shape), outputs)


def resized(shape=SHAPE, outputs=2):
    """torch's channels-last kernel takes the ratio of lengths for the scale factor."""
    weights = torch.rand(1, 4, 16, 25, 16, generator=torch.Generator().manual_seed(2))
    return Ends(lambda x: (weights * F.interpolate(x, scale_factor=2.1, mode="nearest")).mean((2, 3, 4)), 4, outputs)


def is_last(model):
    weight = next(p for p in model.parameters() if p.ndim == 5 and p.shape[1] > 1)
    return weight.is_contiguous(memory_format=LAST) and not weight.is_contiguous()


@pytest.mark.parametrize(
    ("build", "fast"),
    [(lambda: PooledCNN(SHAPE, 2, width=2, blocks=2), True), (viewed, False), (resized, False)],
    ids=["pooled", "viewed", "resized"],
)
def test_channels_last_only_where_it_gives_what_contiguous_memory_gives(build, fast):
    model = build().eval()
    expected = model(IMAGES)
    slope = torch.autograd.functional.jacobian(lambda x: model(x)[:, 1].sum(), IMAGES)
    assert runs_fast(model, SHAPE) == fast
    assert is_last(fast_layout(model, SHAPE)) == fast
    assert is_last(initialised(build, 0, SHAPE)()) == fast
    torch.testing.assert_close(forward(model, IMAGES), expected)
    torch.testing.assert_close(gradient(model, IMAGES, 1), slope)


def test_images_follow_the_weights():
    model = PooledCNN(SHAPE, 2, width=2, blocks=2)
    assert laid_out(model, IMAGES).stride() == IMAGES.stride()
    assert laid_out(model.to(memory_format=LAST), IMAGES).stride() == IMAGES.to(memory_format=LAST).stride()


def test_the_check_of_outputs_says_where_a_network_is_slow():
    assert "contiguous memory alone" in str(check_outputs(viewed))
    assert check_outputs(PooledCNN) is None


def test_weights_of_any_rank_are_laid():
    """torch's own `to` refuses to lay a module that has a buffer of four axes."""

    class Weighed(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv3d(1, 2, 3, padding=1)
            self.register_buffer("place", torch.ones(1, *SHAPE))

        def forward(self, x):
            return self.conv(x * self.place).mean((2, 3, 4))

    model = fast_layout(Weighed(), SHAPE)
    assert model.conv.weight.is_contiguous(memory_format=torch.channels_last_3d)
    assert model.place.shape == (1, *SHAPE)
