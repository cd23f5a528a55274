"""RevealCancel: complete everywhere, shares a minimum evenly, and is the rescale rule where nothing cancels."""

import pytest
import torch
from torch import nn

from bench.checks.method_probe import STYLES, Plain, SmallResNet, probes, randomised
from methods.deeplift import DeepLIFT
from methods.deeplift_reveal import DeepLIFTRevealCancel

IMAGES = probes()[0].images.double()


class Minimum(nn.Module):
    """min(a, b) of two voxels as a - max(a - b, 0)."""

    def __init__(self):
        super().__init__()
        self.less, self.head = nn.Linear(2, 1, bias=False).double(), nn.Linear(2, 2, bias=False).double()
        self.less.weight.data = torch.tensor([[1.0, -1]]).double()
        self.head.weight.data = torch.tensor([[0.0, 0], [1, -1]]).double()

    def forward(self, x):
        x = x.flatten(1)
        return self.head(torch.cat([x[:, :1], self.less(x).relu()], 1))


def test_both_voxels_share_their_minimum():
    """The rescale rule gives it all to one of them."""
    pair = torch.tensor([[3.0, 1.0], [2.0, 5.0]]).double().reshape(2, 1, 1, 1, 2)
    found = DeepLIFTRevealCancel()(Minimum(), pair, 1).map.flatten(1)
    torch.testing.assert_close(found, torch.tensor([[0.5, 0.5], [1.0, 1.0]]).double())
    rescale = DeepLIFT()(Minimum(), pair, 1).map.flatten(1)
    torch.testing.assert_close(rescale, torch.tensor([[0.0, 1.0], [2.0, 0.0]]).double())


@pytest.mark.parametrize("network", [Plain, SmallResNet])
@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("baseline", ["zero", "mean"])
def test_the_map_sums_to_the_rise_of_the_score(network, style, baseline):
    result = DeepLIFTRevealCancel(baseline)(randomised(network(style), 0).double(), IMAGES, (1, 0))
    assert (result.gap.abs() <= 1e-12 * result.map.abs().flatten(1).sum(1)).all()


def test_where_nothing_cancels_it_is_the_rescale_rule():
    model = randomised(Plain(), 0).double()
    with torch.no_grad():
        for name, value in model.named_parameters():
            if "conv" in name and value.ndim > 1:
                value.abs_()
    bright = IMAGES.abs()
    found, expected = (method()(model, bright, (1, 0)).map for method in (DeepLIFTRevealCancel, DeepLIFT))
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-12)
