"""The share of a map that lies on what is not disease, against a sum by hand; cues outside the brain count."""

import numpy as np
import pytest
import torch

from bench.contracts import Context, Truth, Undefined, Validity
from bench.contracts.sets import mass_set
from metrics.distractor_mass import DistractorMass
from metrics.outside import OutsideMass
from metrics.overlap import RelevanceMass

SHAPE = (3, 1, 6, 6, 6)
METRIC = DistractorMass()


@pytest.fixture
def world():
    """Maps, a truth with a few voxels of each subject, and a domain of the inner voxels."""
    rng = torch.Generator().manual_seed(0)
    maps, truth = torch.randn(SHAPE, generator=rng), torch.zeros(SHAPE)
    truth[:, :, 2:4, 2:4, 2] = torch.randn((3, 1, 2, 2), generator=rng)
    domain = torch.zeros(SHAPE, dtype=torch.bool)
    domain[:, :, 1:5, 1:5, 1:5] = True
    return maps, truth, Context(domain=domain)


def score(maps, truth, context=Context()):  # noqa: B008
    return METRIC.map(maps, Truth("distractor", volume=truth), context)


def test_it_is_the_sum_by_hand(world):
    maps, truth, context = world
    for row, found in enumerate(score(*world)):
        values, parts = (x[row][context.domain[row]].double().numpy() for x in (maps, truth))
        inside = mass_set(np.abs(parts), 0.9)
        assert found == pytest.approx(np.abs(values)[inside].sum() / np.abs(values).sum(), rel=1e-6)


def test_an_even_map_scores_the_sets_share_and_so_does_nothing(world):
    _, truth, context = world
    share = [mass_set(t[d].abs().numpy(), 0.9).mean() for t, d in zip(truth, context.domain, strict=True)]
    for even in (torch.ones(SHAPE), torch.zeros(SHAPE)):
        assert score(even, truth, context).tolist() == pytest.approx(share)


def test_all_and_none(world):
    _, truth, context = world
    half = (truth != 0).float()
    assert score(truth.sign(), half, context).tolist() == [1, 1, 1]
    assert score(1 - half, half, context).tolist() == [0, 0, 0]


def test_sign_and_scale_of_the_map_say_nothing(world):
    maps, truth, context = world
    torch.testing.assert_close(score(-3 * maps.abs(), truth, context), score(maps, truth, context))


def test_a_cue_outside_the_brain_counts_and_the_rest_outside_does_not(world):
    """A map on a corner of the grid is all cue; the metric of the outside sees all of both alike."""
    _, _, context = world
    cue, corner, other = torch.zeros(SHAPE), torch.zeros(SHAPE), torch.zeros(SHAPE)
    cue[..., 0, 0, :2] = corner[..., 0, 0, :2] = other[..., 5, 5, :2] = 0.5
    assert score(corner, cue, context).tolist() == [1, 1, 1]
    assert score(corner + other, cue, context).tolist() == [1, 1, 1]
    assert OutsideMass().map(corner + other, None, context).tolist() == [1, 1, 1]
    assert score(corner + context.domain, cue, context).tolist() == pytest.approx([1 / 65] * 3)


def test_a_subject_without_a_distractor_has_no_value(world):
    maps, truth, context = world
    truth[1] = 0
    assert score(maps, truth, context).isnan().tolist() == [False, True, False]
    maps[2, ..., 2, 2, 2] = torch.nan
    assert score(maps, truth, context).isnan().tolist() == [False, True, True]
    with pytest.raises(Undefined):
        METRIC.map(maps, None, context)


def test_it_sees_nothing_else(shipped, world):
    """A map that misses disease and distractor alike is perfect: no ranking of its own."""
    _, truth, context = world
    elsewhere = torch.zeros(SHAPE)
    elsewhere[..., 1, 1, 1] = 1
    distractor = Truth("distractor", volume=truth)
    assert shipped("distractor_mass").map(elsewhere, distractor, context).tolist() == [0, 0, 0]


def test_truths_of_disease_and_of_what_is_none_share_no_metric():
    assert not METRIC.tags.truths & RelevanceMass.tags.truths
    assert not METRIC.tags.higher_is_better and METRIC.tags.bounds == (0, 1)


def test_a_disease_without_sets_leaves_a_suppressor_its_own():
    graded = Validity({"cue": "no marker"}, without_sets="a value's truth is graded")
    assert graded.reason(METRIC.tags, "suppressor") == "" and graded.reason(METRIC.tags, "cue") == "no marker"
