"""Traps for a reader of maps, shown on small networks; methods/README.md says them in words."""

import pytest
import torch
from torch import nn

from bench.checks.method_probe import Plain, SmallLinear, probes, randomised
from methods.cam import GradCAM
from methods.gradients import Gradient
from methods.occlusion import Occlusion
from methods.optimised_mask import OptimisedMask

IMAGES = probes()[0].images


def correlation(one, other):
    return torch.corrcoef(torch.stack([one.flatten(), other.flatten()]))[0, 1].item()


def test_grad_cam_of_one_logit_and_of_the_difference_may_be_opposite():
    found = []
    for seed in range(12):
        model = randomised(Plain(), seed)
        found += [
            correlation(one, both)
            for one, both in zip(GradCAM()(model, IMAGES, 1), GradCAM()(model, IMAGES, (1, 0)), strict=True)
        ]
    spread = torch.tensor(found)
    assert spread.median().item() == pytest.approx(0.73, abs=0.02)
    assert spread.min().item() == pytest.approx(-0.67, abs=0.02)
    assert (spread < 0.5).float().mean() >= 0.2


def test_the_map_of_a_two_class_probability_is_that_of_the_difference():
    model = randomised(Plain(), 0).double()
    whole, x = nn.Sequential(model, nn.Softmax(1)), IMAGES.double()
    of_probability, of_difference = Gradient()(whole, x, 1), Gradient()(model, x, (1, 0))
    p = whole(x)[:, 1].detach().reshape(-1, 1, 1, 1, 1)
    torch.testing.assert_close(of_probability, p * (1 - p) * of_difference)


class Certain(nn.Module):
    """A linear read-out of one box, as logits or through a softmax that is far in its tail."""

    def __init__(self, softmax):
        super().__init__()
        self.softmax = softmax

    def forward(self, x):
        logit = 200 * x[..., 2:6, 6:10, :4].mean((1, 2, 3, 4))
        logits = torch.stack([-logit, logit], 1)
        return logits.softmax(1) if self.softmax else logits


def test_a_saturated_softmax_freezes_the_optimised_mask():
    images = IMAGES.abs() + 0.5
    frozen, free = (OptimisedMask(fill="zero")(Certain(softmax), images, 1) for softmax in (True, False))
    assert (frozen == 0).all()
    assert free[..., 2:6, 6:10, :4].mean() > 0.9


def test_the_stride_of_occlusion_is_the_grain_of_its_map():
    """On a linear network with one voxel that counts: how many voxels share the peak with it."""
    model = randomised(SmallLinear(), 0)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
        model.get_parameter("head.weight")[1].view(8, 12, 8)[3, 5, 2] = 1
    images, shared = torch.ones_like(IMAGES[:1]), {}
    for stride in (1, 4):
        found = Occlusion(4, stride)(model, images, 1)
        assert found[0, 0, 3, 5, 2] == found.max()
        shared[stride] = (found == found.max()).sum().item()
    assert shared == {1: 12, 4: 64}
