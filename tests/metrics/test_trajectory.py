"""Continuity along severity trajectories against a plain loop, and on maps whose jumps are known."""

import numpy as np
import pytest
import torch
from torch import nn

from bench.contracts import BadInput, Cohort, Context, Undefined
from metrics.trajectory import TrajectoryContinuity

SHAPE = (3, 1, 4, 5, 3)
SOURCE = torch.Generator().manual_seed(0)
HEALTHY, LESIONS = torch.randn(SHAPE, generator=SOURCE), torch.rand(SHAPE, generator=SOURCE)
DOMAIN = torch.rand(SHAPE, generator=SOURCE) < 0.7
STRENGTHS = (0.0, 0.1, 0.4, 1.0)
COHORT = Cohort(images=HEALTHY + LESIONS, targets=torch.ones(3), subjects=torch.tensor([5, 7, 9]))


def at(strength):
    return HEALTHY + strength * LESIONS


def severities(subject, strengths):
    return torch.stack([at(s)[(subject - 5) // 2] for s in strengths])


def run(explain, strengths=STRENGTHS, domain=DOMAIN, severities=severities):
    context = Context(subjects=(5, 7, 9), domain=domain, severities=severities)
    return TrajectoryContinuity(strengths).explainer(lambda _m, x, _c: explain(x), nn.Identity(), COHORT, context)


def test_a_plain_loop_agrees():
    found = run(lambda x: (3 * x).sin())
    maps = {s: (3 * at(s)).sin().double().numpy() for s in STRENGTHS}
    masks = DOMAIN.numpy()
    norms = [np.abs(maps[s][n][masks[n]]).sum() for s in STRENGTHS for n in range(3)]
    for n in range(3):
        steps = []
        for k in range(3):
            a, b = STRENGTHS[k], STRENGTHS[k + 1]
            change = np.abs((maps[a] - maps[b])[n][masks[n]]).sum()
            steps.append(change / np.linalg.norm(((b - a) * LESIONS)[n].numpy()[masks[n]]) / np.mean(norms))
        expected = {"": max(steps), "p95": np.quantile(steps, 0.95), "median": np.median(steps)}
        assert {name: value[n].item() for name, value in found.items()} == pytest.approx(expected, rel=1e-4)


def test_constant_maps_score_zero_and_scale_is_free(shipped):
    metric, context = shipped("continuity_trajectory"), Context(subjects=(5, 7, 9), severities=severities)
    found = metric.explainer(lambda _m, x, _c: torch.ones_like(x), nn.Identity(), COHORT, context)
    assert found[""].tolist() == [0] * 3
    torch.testing.assert_close(run(torch.sin), run(lambda x: -7 * x.sin()))


def test_a_map_that_moves_with_the_image_is_even_and_one_that_jumps_is_not():
    """The image as its own map changes by the same share a step; a threshold crossed once is one steep step."""
    even = run(lambda x: x)
    torch.testing.assert_close(even[""], even["median"])

    def jumps(x):
        sick = (x - HEALTHY).sum(dim=(1, 2, 3, 4), keepdim=True) > 0.2 * LESIONS.sum(dim=(1, 2, 3, 4), keepdim=True)
        return torch.where(sick, x.abs() + 1, torch.ones_like(x))

    steep = run(jumps)
    assert (steep[""] > 1.5 * steep["median"]).all()


def test_only_the_domain_counts():
    torch.testing.assert_close(run(lambda x: x), run(lambda x: x + 100 * x.square() * ~DOMAIN))


def test_two_strengths_are_one_pair_for_all_columns():
    columns = run(torch.sin, (0.0, 1.0))
    assert torch.equal(columns[""], columns["median"]) and torch.equal(columns[""], columns["p95"])


def test_undefined_cases():
    assert all(column.isnan().all() for column in run(torch.zeros_like).values())
    still = run(torch.sin, severities=lambda s, strengths: severities(s, [0.5] * 4 if s == 5 else strengths))
    assert still[""].isnan().tolist() == [True, False, False]
    with pytest.raises(Undefined, match="simulator"):
        run(torch.sin, severities=None)


@pytest.mark.parametrize("strengths", [(0.5,), (0.0, 0.0), (1.0, 0.0)], ids=str)
def test_a_path_of_no_steps_is_refused(strengths):
    with pytest.raises(BadInput, match=r"TrajectoryContinuity.strengths=.*2 or more rising numbers"):
        TrajectoryContinuity(strengths)
