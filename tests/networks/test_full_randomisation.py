"""Nothing that a network learnt outlives full randomisation, and what cannot be randomised is unsupported."""

from itertools import chain
from pathlib import Path

import pytest
import torch
from omegaconf import OmegaConf
from torch import nn

from bench.checks.networks import SHAPE, ProbeTask
from bench.checks.visits import seen_twice
from bench.config.architecture import architecture
from bench.contracts import Batch, Cohort, Context, SelfFitting, Unsupported
from bench.passes.resets import with_fresh_layers
from metrics._shared.layers import layers
from metrics.randomisation import CascadingRandomisation

NODES = {p.stem: p for p in sorted((Path(__file__).parents[2] / "conf" / "network").glob("*.yaml"))}
#: trees are grown, not drawn: there is nothing that a reset could draw
UNSUPPORTED = {"shape_boosting"}


def built(name):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return architecture(OmegaConf.to_container(OmegaConf.load(NODES[name])), ProbeTask(SHAPE, 2), ())().eval()


def learnt(name):
    """A network that has learnt something: fitted, or with every parameter and running statistic moved."""
    model, draw = built(name), torch.Generator().manual_seed(1)
    if isinstance(model, SelfFitting):
        targets = torch.arange(40) % 2
        images = 0.3 + 0.1 * torch.randn(40, 1, *SHAPE, generator=draw) + 0.2 * targets.reshape(-1, 1, 1, 1, 1)
        model.fit(*[Batch(images, targets, torch.arange(40), visit=seen_twice)] * 2, draw)
        return model.eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.rand(parameter.shape, generator=draw))
        model.train()(torch.rand(4, 1, *SHAPE, generator=draw))
    return model.eval()


def bits(model):
    return {name: value.clone() for name, value in model.state_dict().items()}


@pytest.mark.parametrize("name", sorted(set(NODES) - UNSUPPORTED))
def test_everything_learnt_is_gone_and_the_trained_model_is_as_it_was(name):
    model, untrained = learnt(name), bits(built(name))
    before = bits(model)
    fresh = with_fresh_layers(model, chain(*layers(model)), seed=3)
    for key, parameter in fresh.named_parameters():
        assert parameter.numel() == 1 or not torch.equal(parameter, before[key]), key
    for key, buffer in fresh.named_buffers():
        assert key not in untrained or torch.equal(buffer, untrained[key]), key
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())


def test_a_fitted_ridge_would_be_seen_to_keep_its_scaling():
    """The scaling moves with the fit, so that the test above has something to find."""
    fitted, fresh = bits(learnt("shape_ridge")), bits(built("shape_ridge"))
    assert all(not torch.equal(fitted[name], fresh[name]) for name in ("centre", "scale"))


@pytest.mark.parametrize("name", sorted(UNSUPPORTED))
def test_what_has_nothing_to_draw_is_unsupported_and_not_failed(name):
    model, images = learnt(name), torch.rand(2, 1, *SHAPE)
    cohort = Cohort(images, torch.tensor([0, 1]), torch.arange(2))
    with pytest.raises(Unsupported, match=r"'trees' \(Trees\) has no reset_parameters"):
        CascadingRandomisation(draws=1).explainer(lambda net, x, context: x, model, cohort, Context(subjects=(0, 1)))


class Scaled(nn.Module):
    """A readout behind numbers in its state."""

    def __init__(self, count, persistent=True):
        super().__init__()
        self.register_buffer("scale", torch.ones(count), persistent=persistent)
        self.readout = nn.Linear(3, 2)


def test_numbers_in_the_state_that_nothing_resets_are_refused_and_settings_are_not():
    assert layers(Scaled(1)) == layers(Scaled(3, persistent=False)) == [["readout"]]
    with pytest.raises(Unsupported, match="Scaled"):
        layers(Scaled(3))
    with pytest.raises(Unsupported, match="no weights"):
        layers(nn.Sequential(nn.ReLU()))
