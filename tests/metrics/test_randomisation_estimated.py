"""The cascade with estimated statistics: against torch's own update, and the plain cascade where there are none."""

from itertools import chain

import numpy as np
import pytest
import torch
from torch import nn
from torch.optim.swa_utils import update_bn

from bench.contracts import Batch, Cohort, Context, Undefined
from bench.passes.resets import with_fresh_layers
from metrics._shared.layers import layers
from metrics.randomisation import CascadingRandomisation
from metrics.randomisation_estimated import EstimatedRandomisation, estimated, running

SHAPE = (3, 1, 6, 6, 6)
IMAGES = torch.randn(SHAPE, generator=torch.Generator().manual_seed(0))
TRAINING = 5 + 3 * torch.randn((40, *SHAPE[1:]), generator=torch.Generator().manual_seed(1))
COHORT = Cohort(images=IMAGES, targets=torch.zeros(3), subjects=torch.arange(3))


def known(calls=None):
    def training():
        (calls if calls is not None else []).append(1)
        return Batch(TRAINING, torch.arange(40) % 2, torch.arange(40))

    return Context(subjects=(0, 1, 2), training=training)


def net(norm=True, dropout=0.0):
    torch.manual_seed(0)
    parts = [nn.Conv3d(1, 4, 3), nn.BatchNorm3d(4), nn.ReLU(), nn.Dropout3d(dropout), nn.Conv3d(4, 4, 3)]
    parts += [nn.BatchNorm3d(4), nn.ReLU(), nn.Flatten(), nn.Linear(32, 2)]
    made = nn.Sequential(*(p for p in parts if norm or not isinstance(p, nn.BatchNorm3d)))
    made(TRAINING)
    return made.eval()


def gradient(model, x, context):
    x = x.detach().clone().requires_grad_()
    z = model(x)
    return torch.autograd.grad((z[:, 1] - z[:, 0]).sum(), x)[0]


def run(explain, model, context=None, **settings):
    metric = EstimatedRandomisation(**{"draws": 2, "images": 40, **settings})
    return metric.explainer(explain, model, COHORT, context or known())


def test_statistics_are_those_of_torch_over_the_same_batches():
    fresh = with_fresh_layers(net(), chain(*layers(net())), 3)
    expected = with_fresh_layers(fresh, [], 0)
    update_bn(TRAINING.tensor_split(3), expected)
    found = estimated(fresh, TRAINING)
    assert set(found) == {f"{n}.{key}" for n in "15" for key in ("running_mean", "running_var", "num_batches_tracked")}
    for name, value in found.items():
        torch.testing.assert_close(value, expected.state_dict()[name])
        assert torch.equal(value, fresh.state_dict()[name])


def test_the_first_layer_s_are_moments_in_double_precision():
    fresh = with_fresh_layers(net(), ["0"], 4)
    found = estimated(fresh, TRAINING[:16])
    put_out = fresh[0].double()(TRAINING[:16].double()).detach().numpy()
    np.testing.assert_allclose(found["1.running_mean"], put_out.mean(axis=(0, 2, 3, 4)), rtol=1e-4)
    np.testing.assert_allclose(found["1.running_var"], put_out.var(axis=(0, 2, 3, 4), ddof=1), rtol=1e-4)


def test_after_every_step_each_layer_is_in_its_working_range():
    """Normalised training images have mean 0 and variance 1, which reset statistics are far from."""
    seen = {EstimatedRandomisation: [], CascadingRandomisation: []}
    for kind, spreads in seen.items():

        def explain(model, x, context, spreads=spreads):
            assert not any(m.training for m in model.modules())
            with torch.no_grad():
                values = model[:2](TRAINING)
            offset, scale = model[1].bias, model[1].weight
            spreads.append(((values.mean((0, 2, 3, 4)) - offset) / scale).abs().max().item())
            return x

        kind(order="bottom_up", draws=1).explainer(explain, net(), COHORT, known())
    assert max(seen[EstimatedRandomisation][1:]) < 0.3 < 1 < max(seen[CascadingRandomisation][1:])


@pytest.mark.parametrize("order", ["top_down", "bottom_up", "independent"])
def test_without_batch_normalisation_it_is_the_plain_cascade(order):
    calls = []
    found = run(gradient, net(norm=False), known(calls), order=order)
    plain = CascadingRandomisation(draws=2, order=order).explainer(gradient, net(norm=False), COHORT, known())
    assert not calls and set(found) == set(plain)
    assert all(torch.equal(found[name].nan_to_num(9), plain[name].nan_to_num(9)) for name in plain)


def test_with_it_scores_differ_but_for_a_map_of_the_image_alone():
    plain = CascadingRandomisation(draws=2).explainer(gradient, net(), COHORT, known())
    assert not torch.allclose(run(gradient, net())[""], plain[""])
    columns = run(lambda model, x, context: x, net())
    torch.testing.assert_close(columns[""], 1 - columns["floor"])


def test_the_trained_model_and_the_random_state_are_left_alone():
    model = net(dropout=0.5)
    before = with_fresh_layers(model, [], 0).state_dict()
    state = torch.get_rng_state()
    first = run(gradient, model)
    assert all(torch.equal(value, model.state_dict()[name]) for name, value in before.items())
    assert running(model)["1"].momentum == 0.1
    assert torch.equal(state, torch.get_rng_state())
    assert all(
        torch.equal(a.nan_to_num(9), b.nan_to_num(9))
        for a, b in zip(first.values(), run(gradient, model).values(), strict=True)
    )


def test_all_methods_of_a_model_share_its_statistics():
    calls, context, model = [], known(), net()
    first = run(gradient, model, context)
    counted = model[1].register_forward_hook(lambda *_: calls.append(1))
    again = run(gradient, model, context)
    counted.remove()
    assert len(calls) == 1 + 2 * len(layers(model))  # one map of the trained model and one a step and draw
    assert all(torch.equal(first[name].nan_to_num(9), again[name].nan_to_num(9)) for name in first)


def test_what_cannot_be_done_is_said():
    with pytest.raises(Undefined, match="training images"):
        run(gradient, net(), Context(subjects=(0, 1, 2)))
