"""The truth `use`: what a model reads, and nothing else."""

import pytest
import torch
from torch import nn

from bench.contracts import BadInput
from bench.networks.linear import Linear
from bench.stages.use import USE, use
from simulators.brain import Brain
from simulators.pathology.atrophy import Atrophy

READ = "right precentral gyrus"


@pytest.fixture(scope="module")
def world():
    simulator = Brain(Atrophy(("left hippocampus",)), amplitude=0.3)
    cohort = simulator.cohort(range(4))
    model = Linear(simulator.shape, 2)
    region = simulator.region_names.index(READ) + 1
    # only voxels that belong to the region in every subject: the model reads it and no neighbour
    weights = (cohort.regions == region).all(0).float().flatten()
    assert weights.sum() > 0
    with torch.no_grad():
        model.readout.weight.copy_(torch.stack([torch.zeros_like(weights), weights]))
    return simulator, cohort, model, region


def test_a_model_that_reads_one_healthy_region_uses_it_and_nothing_else(world):
    simulator, cohort, model, region = world
    truth = use(model, simulator, cohort, draws=4, subjects=4)
    used = truth.regions[0] > truth.floor[0]
    assert used.nonzero().flatten().tolist() == [region - 1]


def test_use_of_a_linear_model_equals_its_closed_form(world):
    """f(x) - f(x') = w . (x - x') for every redraw."""
    simulator, cohort, model, region = world
    truth = use(model, simulator, cohort, draws=4, subjects=2)
    weights = model.readout.weight[1].double() / 0.5
    changes = []
    for row in range(2):
        redrawn = simulator.redraws(int(cohort.subjects[row]), "evaluation", 4).view(-1, 4, weights.numel())
        changes.append((cohort.images[row].flatten().double() - redrawn[region - 1].double()) @ weights)
    assert truth.regions[0, region - 1].item() == pytest.approx(
        torch.stack(changes).square().mean().sqrt().item(), rel=1e-4
    )


def test_a_constant_model_uses_nothing(world):
    simulator, cohort, _, _ = world

    class Constant(nn.Module):
        def forward(self, x):
            return torch.ones(len(x), 2) * torch.tensor([1.0, 2.0])

    truth = use(Constant(), simulator, cohort, draws=2, subjects=2)
    assert not (truth.regions > truth.floor).any()


def test_write_and_read_agree(world, tmp_path):
    simulator, cohort, model, _ = world
    truth = use(model, simulator, cohort, draws=2, subjects=2)
    USE.write(tmp_path, truth)
    again = USE.read(tmp_path, None, None)
    assert torch.equal(again.regions, truth.regions)
    assert torch.equal(again.floor, truth.floor)


def test_too_few_draws_are_refused(world):
    simulator, cohort, model, _ = world
    with pytest.raises(BadInput, match=r"use\.draws=1"):
        use(model, simulator, cohort, draws=1, subjects=2)
