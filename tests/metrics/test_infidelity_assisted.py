"""The twin as a perturbation: what the disease does to the score, and nothing else."""

import pytest
import torch

from bench.contracts import Attribution, Context, Undefined
from metrics.infidelity_assisted import AssistedInfidelity, Twin

N, SHAPE = 6, (1, 4, 5, 4)
SOURCE = torch.Generator().manual_seed(0)
IMAGES, LESIONS = torch.randn((N, *SHAPE), generator=SOURCE), torch.zeros(N, *SHAPE)
LESIONS[:, :, 1:3, 2, 2] = torch.randn((N, 1, 2), generator=SOURCE)
SLOPE = torch.randn(SHAPE, generator=SOURCE)
CONTEXT = Context(subjects=tuple(range(10, 10 + N)), twin=lambda subject: (IMAGES - LESIONS)[subject - 10])


def outputs(perturbation, row):
    moved = perturbation.draw(IMAGES, CONTEXT, row)
    return moved, (moved * SLOPE).flatten(1).sum(dim=1)


def score(maps):
    metric = AssistedInfidelity(Twin())
    return metric.model({"m": Attribution(maps)}, {"m": "sensitivity"}, outputs, CONTEXT)["m"].mean().item()


def test_a_subject_becomes_its_twin():
    for row in range(N):
        torch.testing.assert_close(Twin().draw(IMAGES, CONTEXT, row), LESIONS[row : row + 1])


def test_the_gradient_predicts_what_the_disease_does_and_zeros_do_not():
    assert score(SLOPE.expand(N, *SHAPE)) == pytest.approx(0, abs=1e-9)
    assert score(torch.zeros(N, *SHAPE)) == pytest.approx(1)


def test_only_the_map_where_the_twins_differ_counts():
    """A map that is right on the lesion and noise elsewhere is exact: the rest is never asked."""
    noise = torch.randn((N, *SHAPE), generator=torch.Generator().manual_seed(1))
    assert score(torch.where(LESIONS != 0, SLOPE.expand(N, *SHAPE), noise)) == pytest.approx(0, abs=1e-9)


def test_without_a_simulator_there_is_no_twin():
    with pytest.raises(Undefined, match="simulator"):
        Twin().draw(IMAGES, Context(subjects=tuple(range(N))), 0)
