"""Fresh layers whatever their weights are written through: norms by hooks, and parametrisations."""

import warnings

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations, parametrize

from bench.contracts import Cohort, Context, Unsupported
from bench.passes.resets import unreset, with_fresh_layers
from metrics._shared.layers import layers
from metrics.randomisation import CascadingRandomisation

IMAGES = torch.rand(4, 1, 5, 5, 5, generator=torch.Generator().manual_seed(1))
NAMES = ["0", "2", "5"]
#: ways to write the weight of a layer: those that leave it as it is, and those that divide it by its spectral norm
SAME = (lambda layer: layer, nn.utils.weight_norm, parametrizations.weight_norm)
SPECTRAL = (nn.utils.spectral_norm, parametrizations.spectral_norm)


def net(wrap):
    """A network whose three layers are wrapped, after a pass in training mode, which leaves weights with a graph."""
    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        model = nn.Sequential(
            wrap(nn.Conv3d(1, 4, 3, padding=1)), nn.ReLU(),
            wrap(nn.Conv3d(4, 4, 3, padding=1)), nn.ReLU(),
            nn.Flatten(), wrap(nn.Linear(500, 3)),
        )  # fmt: skip
    model(IMAGES)
    return model.eval()


def weights(model):
    """The weights that a pass uses."""
    model(IMAGES)
    return [model.get_submodule(name).weight.detach().clone() for name in NAMES]


@pytest.mark.parametrize("wrap", SAME)
def test_a_weight_norm_is_reset_to_what_the_plain_layer_would_draw(wrap):
    model, plain = net(wrap), with_fresh_layers(net(SAME[0]), NAMES, 3)
    before = weights(model)
    fresh = with_fresh_layers(model, NAMES, 3)
    torch.testing.assert_close(fresh(IMAGES), plain(IMAGES))
    torch.testing.assert_close(weights(fresh), weights(plain))
    assert all(torch.equal(a, b) for a, b in zip(weights(model), before, strict=True))
    assert not unreset(model, NAMES)
    assert unreset(model, NAMES[:2])


@pytest.mark.parametrize("wrap", SPECTRAL)
def test_a_spectral_norm_is_reset_with_its_vectors(wrap):
    fresh = with_fresh_layers(net(wrap), NAMES, 3)
    for drawn, one in zip(weights(fresh), weights(with_fresh_layers(net(SAME[0]), NAMES, 3)), strict=True):
        ratio = drawn / one
        torch.testing.assert_close(ratio, ratio.flatten()[0].expand_as(ratio))
        assert 1 - 1e-5 <= torch.linalg.matrix_norm(drawn.flatten(1), ord=2) < 1.2
    assert not unreset(net(wrap), NAMES)


def test_the_vectors_of_a_spectral_norm_are_those_of_the_draw_and_not_of_the_training():
    trained, other = net(nn.utils.spectral_norm), net(nn.utils.spectral_norm)
    for model, vector in ((trained, torch.arange(4.0)), (other, -torch.ones(4))):
        model[0].weight_u.copy_(vector / vector.norm())
    first, second = (weights(with_fresh_layers(model, NAMES, 3)) for model in (trained, other))
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


@pytest.mark.parametrize("wrap", [*SAME, *SPECTRAL])
def test_every_step_of_a_cascade_forgets(wrap):
    model = net(wrap)
    assert layers(model) == [[name] for name in NAMES]
    cohort = Cohort(IMAGES, torch.zeros(4).long(), torch.arange(4))

    def explain(one, images, context):
        x = images.clone().requires_grad_()
        return torch.autograd.grad(one(x)[:, 0].sum(), x)[0]

    found = CascadingRandomisation(draws=2).explainer(explain, model, cohort, Context(subjects=(0, 1, 2, 3)))
    assert all(found[f"layer_{k}_of_3"].mean() < 0.6 for k in (1, 2, 3))


def test_an_orthogonal_layer_is_reset_and_stays_orthogonal():
    model = nn.Sequential(nn.Flatten(), parametrizations.orthogonal(nn.Linear(125, 3)))
    assert layers(model) == [["1"]]
    fresh = with_fresh_layers(model, ["1"], 0)[1].weight
    torch.testing.assert_close(fresh @ fresh.T, torch.eye(3))
    assert not torch.allclose(fresh, model[1].weight)


def test_attention_is_reset_as_torch_draws_it_and_its_own_layer_by_itself():
    model = nn.Sequential(nn.MultiheadAttention(4, 2))
    assert layers(model) == [["0"], ["0.out_proj"]]
    nn.init.ones_(model[0].out_proj.bias)
    fresh = with_fresh_layers(model, ["0"], 3)[0]
    assert torch.equal(fresh.out_proj.weight, model[0].out_proj.weight) and fresh.out_proj.bias.eq(1).all()
    assert not torch.equal(fresh.in_proj_weight, model[0].in_proj_weight)
    assert fresh.in_proj_weight.abs().max() <= (6 / 16) ** 0.5  # the bound of Xavier's uniform law, for 4 and 12 units


class Forgets(nn.Conv3d):
    """Its reset leaves the kernel."""

    def reset_parameters(self):
        if not hasattr(self, "ready"):
            super().reset_parameters()
        self.ready = True
        nn.init.zeros_(self.bias)


class Halved(nn.Module):
    """A parametrisation that cannot say which original gives a weight."""

    def forward(self, weight):
        return weight / 2


class Scaled(Halved):
    """One that has learnt something of its own."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(3, 1))

    def forward(self, weight):
        return self.scale * weight


@pytest.mark.parametrize(
    ("layer", "says"),
    [
        (lambda: Forgets(1, 1, 3), r"leaves the parameter '1\.weight' as it was"),
        (lambda: parametrized(Halved()), r"layer '1': its parametrisation of 'weight' takes no new weight"),
        (lambda: parametrized(Scaled()), r"layer '1\.parametrizations\.weight\.0' \(Scaled\) has no reset_parameters"),
    ],
)
def test_what_a_reset_leaves_is_unsupported(layer, says):
    with pytest.raises(Unsupported, match=says):
        layers(nn.Sequential(nn.ReLU(), layer()))


def parametrized(part):
    layer = nn.Linear(4, 3)
    parametrize.register_parametrization(layer, "weight", part)
    return layer
