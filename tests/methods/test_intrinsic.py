"""The method that shows a network's own maps: contrasts, names, refusals, and the contract of methods."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from bench.checks import methods as checks
from bench.checks.method_probe import Plain, SmallLinear, probes
from bench.checks.networks import ProbeTask
from bench.contracts import BadInput, Unsupported
from bench.networks.attention_cnn import AttentionCNN
from bench.networks.cnn import PooledCNN
from bench.networks.shape_ridge import ShapeRidge
from methods.intrinsic import Intrinsic

GRID = (16, 24, 16)


class Showing(Plain):
    def intrinsic(self, x):
        return {"own": self.forward(x)[:, :, None, None, None] * x}


class Two(nn.Module):
    def intrinsic(self, x):
        return {"gate": x, "risk": torch.cat([x, 3 * x], 1)}


def images(count=3):
    return torch.rand(count, 1, *GRID, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("check", checks.applicable(Intrinsic()), ids=lambda check: check.__name__)
def test_it_passes_what_its_tags_call_for(check):
    check(Intrinsic(), replace(probes()[0], network=Showing))


def test_maps_of_outputs_are_combined_as_the_score_combines_outputs():
    torch.manual_seed(0)
    model, x = ShapeRidge(GRID, 3, ProbeTask(GRID, 3).atlas), images()
    maps = model.intrinsic(x)["contribution"].detach()
    torch.testing.assert_close(Intrinsic()(model, x, (2, 0)), maps[:, 2:3] - maps[:, :1])
    one_a_row = Intrinsic()(model, x, torch.tensor([1, 0, 2]))
    torch.testing.assert_close(one_a_row, torch.stack([maps[0, 1:2], maps[1, 0:1], maps[2, 2:3]]))
    with pytest.raises(BadInput, match="class 3"):
        Intrinsic()(model, x, 3)


def test_the_contrast_of_additive_maps_sums_to_the_score():
    torch.manual_seed(0)
    model, x = ShapeRidge(GRID, 2, ProbeTask(GRID, 2).atlas), images()
    outputs = (model(x) - model.readout.bias).detach()
    found = Intrinsic()(model, x, (1, 0)).sum((1, 2, 3, 4))
    torch.testing.assert_close(found, outputs[:, 1] - outputs[:, 0])


def test_a_map_that_serves_all_outputs_does_not_depend_on_the_target():
    torch.manual_seed(0)
    model, x = AttentionCNN(GRID, 2).eval(), images()
    assert torch.equal(Intrinsic()(model, x, 0), Intrinsic()(model, x, (1, 0)))
    torch.testing.assert_close(Intrinsic()(model, x, 0), model.intrinsic(x)["gate"].detach())


def test_networks_without_the_map_are_refused_and_several_want_a_name():
    x = images()
    for model in (PooledCNN(GRID, 2), SmallLinear()):
        with pytest.raises(Unsupported, match="no map of its own"):
            Intrinsic()(model, x, (1, 0))
    with pytest.raises(Unsupported, match="'density'; it shows gate, risk"):
        Intrinsic("density")(Two(), x, (1, 0))
    with pytest.raises(BadInput, match="gate, risk; name one"):
        Intrinsic()(Two(), x, (1, 0))
    torch.testing.assert_close(Intrinsic("risk")(Two(), x, (1, 0)), 2 * x)
