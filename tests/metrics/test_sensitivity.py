"""Max-sensitivity: known answers, nested draws, common draws."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from bench.contracts import Cohort, Context
from metrics.sensitivity import MaxSensitivity

SHAPE = (3, 1, 6, 6, 6)
IMAGES = 4 * torch.randn(SHAPE, generator=torch.Generator().manual_seed(0))
DOMAIN = torch.zeros(SHAPE, dtype=torch.bool)
DOMAIN[..., 1:5, 1:5, 1:5] = True
COHORT = Cohort(images=IMAGES, targets=torch.zeros(3), subjects=torch.arange(3), domain=DOMAIN)
CONTEXT = Context(subjects=(0, 1, 2), domain=DOMAIN)
MODEL = nn.Identity()


def run(explain, metric=None, **settings):
    return (metric or MaxSensitivity(**settings)).explainer(explain, MODEL, COHORT, CONTEXT)


def test_the_identity_explainer_moves_as_far_as_its_image():
    values = run(lambda model, x, context: x, radius=0.2, draws=4)
    for row in range(3):
        inside = IMAGES[row][DOMAIN[row]]
        expected = 0.2 * inside.std(correction=0) * (len(inside) / 3) ** 0.5 / inside.norm()
        assert values["average"][row] == pytest.approx(expected.item(), rel=0.1)
        assert values[""][row] <= 0.2 * inside.std(correction=0) * len(inside) ** 0.5 / inside.norm()
    assert (values[""] > values["average"]).all()


def test_more_draws_never_lower_the_maximum(shipped):
    metric = shipped("max_sensitivity")
    values = [run(lambda model, x, context: x**2, replace(metric, draws=d))[""] for d in (1, 3, 8)]
    assert (values[0] <= values[1]).all()
    assert (values[1] <= values[2]).all()


def test_noise_stays_in_the_domain_and_in_the_cube_and_every_method_meets_the_same():
    seen = {"a": [], "b": []}

    def explainer(name):
        def explain(model, x, context):
            seen[name].append(x.clone())
            return x

        return explain

    for name in seen:
        run(explainer(name), radius=0.1, draws=3)
    assert all(torch.equal(a, b) for a, b in zip(*seen.values(), strict=True))
    for moved in seen["a"][1:]:
        noise = moved - IMAGES
        assert (noise[~DOMAIN] == 0).all()
        for row in range(3):
            limit = 0.1 * IMAGES[row][DOMAIN[row]].std(correction=0)
            assert 0.9 * limit < noise[row].abs().max() <= limit * 1.001


def test_a_constant_explanation_scores_zero_and_a_zero_map_is_undefined(shipped):
    assert (run(lambda model, x, context: torch.ones_like(x), shipped("max_sensitivity"))[""] == 0).all()
    values = run(lambda model, x, context: x * (torch.arange(3) > 0).reshape(3, 1, 1, 1, 1))
    for column in values.values():
        assert column.isnan().tolist() == [True, False, False]
