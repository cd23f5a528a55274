"""Cascading randomisation: what is reset, what is kept, and what known explainers score."""

from dataclasses import replace
from itertools import chain

import pytest
import torch
from torch import nn

from bench.contracts import Cohort, Context, Undefined, Unsupported
from bench.passes.resets import with_fresh_layers
from metrics._shared.layers import layers
from metrics.randomisation import CascadingRandomisation

SHAPE = (4, 1, 8, 8, 8)
IMAGES = torch.randn(SHAPE, generator=torch.Generator().manual_seed(0))
COHORT = Cohort(images=IMAGES, targets=torch.zeros(4), subjects=torch.arange(4))
CONTEXT = Context(subjects=(0, 1, 2, 3))


class Twins(nn.Module):
    """Two convolutions of one shape, normalised, and a head."""

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv3d(1, 3, 3, padding=1), nn.BatchNorm3d(3), nn.ReLU(),
            nn.Conv3d(3, 3, 3, padding=1), nn.BatchNorm3d(3), nn.ReLU(),
            nn.Conv3d(3, 3, 3, padding=1), nn.ReLU(),
        )  # fmt: skip
        self.head = nn.Linear(3, 2)

    def forward(self, x):
        return self.head(self.features(x).mean(dim=(2, 3, 4)))


@pytest.fixture
def model():
    torch.manual_seed(0)
    net = Twins()
    net(IMAGES)  # moves the running statistics
    return net.eval()


def gradient(model, x, context):
    x = x.detach().clone().requires_grad_()
    z = model(x)
    return torch.autograd.grad((z[:, 1] - z[:, 0]).sum(), x)[0]


def run(explain, model, **settings):
    return CascadingRandomisation(**{"draws": 2, **settings}).explainer(explain, model, COHORT, CONTEXT)


def same(a, b):
    return all(torch.equal(p, q) for p, q in zip(a.state_dict().values(), b.state_dict().values(), strict=True))


def test_layers_carry_their_normalisations(model):
    assert layers(model) == [["features.0", "features.1"], ["features.3", "features.4"], ["features.6"], ["head"]]


def test_everything_of_a_reset_layer_is_fresh_and_twin_layers_differ(model):
    fresh = with_fresh_layers(model, chain(*layers(model)), seed=1)
    before, after = model.state_dict(), fresh.state_dict()
    for name in before:
        kept = torch.equal(before[name], after[name])
        assert kept == name.endswith(("1.weight", "1.bias", "4.weight", "4.bias")), name
    assert (after["features.1.running_mean"] == 0).all()
    assert after["features.1.num_batches_tracked"] == 0
    assert not torch.equal(after["features.3.weight"], after["features.6.weight"])
    other = with_fresh_layers(model, ["features.3"], seed=2).features[3].weight
    assert not torch.equal(after["features.3.weight"], other)


def test_a_layer_gets_the_same_weights_whichever_others_are_reset(model):
    one, all_ = with_fresh_layers(model, ["head"], 5), with_fresh_layers(model, chain(*layers(model)), 5)
    assert torch.equal(one.head.weight, all_.head.weight)
    assert torch.equal(one.features[0].weight, model.features[0].weight)


@pytest.mark.parametrize("order", ["top_down", "bottom_up", "independent"])
def test_the_order_decides_what_is_reset(model, order):
    seen = []

    def explain(net, x, context):
        pairs = [(net.get_submodule(names[0]), model.get_submodule(names[0])) for names in layers(model)]
        seen.append([not torch.equal(a.weight, b.weight) for a, b in pairs])
        return x

    run(explain, model, order=order, draws=1)
    expected = {
        "top_down": [[k >= 4 - step for k in range(4)] for step in range(5)],
        "bottom_up": [[k < step for k in range(4)] for step in range(5)],
        "independent": [[False] * 4] + [[k == step for k in range(4)] for step in range(4)],
    }
    assert seen == expected[order]


def test_the_trained_model_and_the_random_state_are_left_alone(model):
    copy = with_fresh_layers(model, [], 0)
    state = torch.get_rng_state()
    run(gradient, model)
    assert same(model, copy)
    assert torch.equal(state, torch.get_rng_state())
    assert all(p.grad is None for p in model.parameters())


@pytest.mark.parametrize("similarity", ["spearman", "spearman_signed", "ssim"])
def test_a_map_of_the_image_alone_fails_by_one_less_its_floor(model, similarity):
    columns = run(lambda net, x, context: x, model, similarity=similarity)
    torch.testing.assert_close(columns[""], 1 - columns["floor"])
    assert (columns["floor"] < 0.5).all()
    assert all((columns[f"layer_{k}_of_4"] - 1).abs().max() < 1e-6 for k in range(1, 5))
    assert set(columns) - {"", "floor", "dead"} - {f"layer_{k}_of_4" for k in range(1, 5)} == {
        "spearman", "spearman_signed", "ssim"
    } - {similarity}  # fmt: skip


def test_a_map_of_the_weights_alone_scores_below_the_image(model):
    def weights_only(net, x, context):
        values = torch.nn.functional.interpolate(net.features[6].weight.flatten()[None, None, :64], 512)
        return values.reshape(1, 1, 8, 8, 8).expand(SHAPE)

    columns = run(weights_only, model)
    assert (columns["floor"] - 1).abs().max() < 1e-6
    assert (columns[""] < -0.3).all()


def test_dead_maps_count_in_no_mean_and_are_reported(model):
    calls = []

    def explain(net, x, context):
        calls.append(net)
        return 0 * x if len(calls) == 6 else x

    columns = run(explain, model, order="independent", draws=2)
    torch.testing.assert_close(columns["dead"], torch.full((4,), 1 / 8))
    torch.testing.assert_close(columns[""], 1 - columns["floor"])
    dead = run(lambda net, x, context: x if net is model else 0 * x, model)
    assert dead[""].isnan().all()
    assert (dead["dead"] == 1).all()


def test_randomised_models_start_with_an_empty_memo(model):
    context = Context(subjects=(0, 1, 2, 3))

    def explain(net, x, ctx):
        assert ctx.memo("model", lambda: net) is net
        return x

    CascadingRandomisation(draws=1).explainer(explain, model, COHORT, context)


def test_what_is_of_the_training_images_alone_is_made_once_for_all_models(model):
    context, made = Context(subjects=(0, 1, 2, 3)), []

    def explain(net, x, ctx):
        return x * ctx.training_memo("factor", lambda: made.append(net) or 2.0)

    CascadingRandomisation(draws=2).explainer(explain, model, COHORT, context)
    assert len(made) == 1
    others = replace(context, training=lambda: COHORT)
    assert others.training_memo("factor", lambda: 3.0) == 3.0


def test_what_cannot_be_done_is_said(model):
    class Bare(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.ones(3, 3))

    with pytest.raises(Unsupported, match="reset_parameters"):
        layers(Bare())
    one = Cohort(images=IMAGES[:1], targets=torch.zeros(1), subjects=torch.arange(1))
    with pytest.raises(Undefined, match="two subjects"):
        CascadingRandomisation().explainer(gradient, model, one, CONTEXT.take([0]))
