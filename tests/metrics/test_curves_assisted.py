"""Fills that a simulator gives: what the erased image becomes, and that nothing else of the curves changes."""

import pytest
import torch

from bench.contracts import Attribution, BadInput, Context, Undefined
from metrics._shared.fills import replacement
from metrics.curves import Deletion
from metrics.curves_assisted import AssistedDeletion, AssistedInsertion, AssistedSelectivity

SHAPE = (3, 1, 4, 4, 4)
IMAGES = torch.rand(SHAPE, generator=torch.Generator().manual_seed(0)) + 1
TWINS = torch.rand(SHAPE, generator=torch.Generator().manual_seed(1)) + 1
REDRAWS = torch.rand((4, *SHAPE[1:]), generator=torch.Generator().manual_seed(2))
REGIONS = torch.ones(SHAPE, dtype=torch.int16)
REGIONS[..., 2:], REGIONS[..., 0, :] = 2, 0


CONTEXT = Context(
    subjects=(0, 1, 2),
    regions=REGIONS,
    region_names=("a", "b"),
    redraws=lambda s: REDRAWS + s,
    twin=TWINS.__getitem__,
)


def values(metric, maps, score, context=CONTEXT):
    def outputs(perturbation, row):
        moved = perturbation.draw(IMAGES, context, row)
        return moved, score(IMAGES[row : row + 1]) - score(IMAGES[row] - moved)

    return metric.model({"m": Attribution(maps)}, {"m": "location"}, outputs, context)["m"]


def test_every_region_is_drawn_anew_and_what_is_in_none_stays():
    made = replacement(IMAGES, CONTEXT, 1, "redraw")
    labels = REGIONS[1]
    assert torch.equal(made[labels == 0], IMAGES[1][labels == 0])
    for region, first in ((1, 0), (2, 2)):  # two draws a region, the first is taken
        assert torch.equal(made[labels == region], (REDRAWS[first] + 1)[labels == region])


def test_the_whole_image_erased_is_the_twin_of_its_subject():
    assert torch.equal(replacement(IMAGES, CONTEXT, 2, "twin"), TWINS[2])
    some = CONTEXT.take([2, 0])
    assert torch.equal(replacement(IMAGES[[2, 0]], some, 0, "twin"), TWINS[2])


def test_where_the_twins_differ_is_all_that_counts():
    """One voxel of the twin differs: erased first it takes everything at once, erased last nothing before."""
    score = lambda x: x[:, 0, 1, 1, 1]  # noqa: E731
    first, last = torch.zeros(SHAPE), torch.ones(SHAPE)
    first[..., 1, 1, 1], last[..., 1, 1, 1] = 1.0, 0.0
    assert values(AssistedDeletion(), first, score).mean().item() == pytest.approx(0.05)
    assert values(AssistedDeletion(), last, score).mean().item() == pytest.approx(0.95)
    assert values(AssistedInsertion(), first, score).mean().item() == pytest.approx(0.95)
    assert values(AssistedSelectivity(), first, score).mean().item() == pytest.approx(10 / 11)


def test_only_the_fill_differs_from_the_plain_curve():
    """Where the twin is the mean of the domain, both curves are the same."""
    even = IMAGES.flatten(1).double().mean(1).float().reshape(3, 1, 1, 1, 1).expand(SHAPE)

    maps, context = torch.rand(SHAPE), Context(subjects=(0, 1, 2), twin=even.__getitem__)
    score = lambda x: x.square().flatten(1).sum(1)  # noqa: E731
    torch.testing.assert_close(
        values(AssistedDeletion(), maps, score, context), values(Deletion(), maps, score, context)
    )


def test_what_needs_a_simulator_says_so_and_plain_fills_stay_plain():
    for fill in ("twin", "redraw"):
        with pytest.raises(Undefined, match="simulator"):
            replacement(IMAGES, Context(subjects=(0, 1, 2)), 0, fill)
    with pytest.raises(BadInput, match=r"fill='mean' is not possible: give one of redraw, twin"):
        AssistedDeletion(fill="mean")
    with pytest.raises(BadInput, match=r"fill='twin' is not possible: give one of zero, mean, domain_blur"):
        Deletion(fill="twin")
    assert AssistedDeletion.tags.assisted and not Deletion.tags.assisted
