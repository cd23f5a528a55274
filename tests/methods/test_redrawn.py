"""Occlusion by redraws against its definition, with a generator whose draws are known."""

import pytest
import torch

from bench.checks.method_probe import Plain, SmallLinear, probes, randomised
from bench.contracts import BadInput, Context, Undefined
from bench.passes import explained
from methods.occlusion import Occlusion
from methods.redrawn import RedrawOcclusion, redrawn_covers

IMAGES = probes()[0].images.double()
MODEL = randomised(Plain(), 0).double()
LABELS = torch.randint(4, IMAGES.shape, generator=torch.Generator().manual_seed(2))
REGIONS = ("one", "two", "three")
SUBJECTS = (7, 8, 9)


def drawn(subject, draws=3):
    """The subject with one region after the other as noise of its own, everything else as it is."""
    row = SUBJECTS.index(subject)
    noise = torch.randn(3, draws, *IMAGES.shape[1:], generator=torch.Generator().manual_seed(subject)).double()
    return torch.cat([torch.where(LABELS[row] == r + 1, noise[r], IMAGES[row]) for r in range(3)])


def context(redraws=drawn):
    return Context(subjects=SUBJECTS, regions=LABELS.to(torch.int16), region_names=REGIONS, redraws=redraws)


def composed(row, draw):
    """Every region from its own redraw, one voxel class at a time."""
    image = IMAGES[row].clone()
    for region in range(3):
        inside = LABELS[row] == region + 1
        image[inside] = drawn(SUBJECTS[row])[3 * region + draw][inside]
    return image


def test_the_cover_takes_each_region_from_its_own_redraw_and_keeps_what_is_in_none():
    for row in range(3):
        found = redrawn_covers(IMAGES[row], context(), row, 2)
        assert torch.equal(found, torch.stack([composed(row, draw) for draw in (0, 1)]))
        assert torch.equal(found[0][LABELS[row] == 0], IMAGES[row][LABELS[row] == 0])


def test_it_is_the_mean_fall_over_draws_and_boxes():
    """Boxes of 4 without overlap, one image with one box pasted after the other."""
    found = RedrawOcclusion(4, 4, 3)(MODEL, IMAGES, (1, 0), context())
    for row, image in enumerate(IMAGES):
        for d, h, w in torch.cartesian_prod(torch.arange(0, 8, 4), torch.arange(0, 12, 4), torch.arange(0, 8, 4)):
            box = (slice(None), slice(d, d + 4), slice(h, h + 4), slice(w, w + 4))
            edited = image.repeat(3, 1, 1, 1, 1)
            for draw in range(3):
                edited[draw][box] = composed(row, draw)[box]
            scores = explained(MODEL(torch.cat([image[None], edited])), (1, 0)).detach()
            torch.testing.assert_close(found[row][box], (scores[0] - scores[1:].mean()).expand_as(found[row][box]))


def test_on_a_linear_model_it_is_occlusion_by_the_mean_draw():
    model = randomised(SmallLinear(), 0).double()
    found = RedrawOcclusion(4, 2, 3)(model, IMAGES, (1, 0), context())
    covers = torch.stack([torch.stack([composed(row, draw) for draw in range(3)]).mean(0) for row in range(3)])
    boxes = Occlusion(4, 2)
    expected = [boxes.effects(model, image, covers[row], (1, 0)) for row, image in enumerate(IMAGES)]
    torch.testing.assert_close(found, torch.stack(expected))


def test_where_redrawing_changes_nothing_there_is_no_effect():
    same = context(lambda subject: IMAGES[SUBJECTS.index(subject)].expand(6, *IMAGES.shape[1:]))
    assert (RedrawOcclusion(4, 4, 2)(MODEL, IMAGES, (1, 0), same) == 0).all()


def test_it_is_shown_as_an_oracle_and_says_what_it_cannot_do_without():
    assert RedrawOcclusion().tags.role == "oracle" and RedrawOcclusion().tags.needs == {"redraws"}
    for without in (Context(subjects=SUBJECTS, redraws=drawn), context(None)):
        with pytest.raises(Undefined, match="simulator behind the images"):
            RedrawOcclusion(4, 4)(MODEL, IMAGES, (1, 0), without)
    with pytest.raises(BadInput, match="draws=4 is not possible: give at most 3, which a region is offered"):
        RedrawOcclusion(4, 4, 4)(MODEL, IMAGES, (1, 0), context())
