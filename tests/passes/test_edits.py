import pytest
import torch

from bench.checks.method_probe import Plain, probes, randomised
from bench.contracts import BadInput
from bench.passes import box_edits, explained, forward, mask_edits, region_edits

IMAGE = probes()[0].images[0]
MODEL = randomised(Plain(), 0)
BOXES = torch.tensor([[[0, 0, 0], [2, 3, 4]], [[5, 1, 0], [8, 12, 8]], [[0, 0, 0], [8, 12, 8]]])


def score_of(image):
    return explained(forward(MODEL, image[None]), (1, 0))[0]


@pytest.mark.parametrize("fill", [0.0, 1.5, torch.full_like(IMAGE, 2.0), IMAGE.flip(3)])
def test_boxes_masks_and_regions_agree_with_edits_by_hand(fill):
    filled = torch.as_tensor(fill).expand_as(IMAGE)
    labels = torch.zeros_like(IMAGE, dtype=torch.int16)
    masks = torch.zeros(2, *IMAGE.shape, dtype=torch.bool)
    expected = []
    for number, ((d0, h0, w0), (d1, h1, w1)) in enumerate(BOXES[:2].tolist()):
        edited = IMAGE.clone()
        edited[:, d0:d1, h0:h1, w0:w1] = filled[:, d0:d1, h0:h1, w0:w1]
        labels[:, d0:d1, h0:h1, w0:w1] = number + 1
        masks[number, :, d0:d1, h0:h1, w0:w1] = True
        expected.append(score_of(edited))
    expected = (score_of(IMAGE), torch.stack(expected))
    for found in (
        box_edits(MODEL, IMAGE, BOXES[:2], fill, (1, 0)),
        mask_edits(MODEL, IMAGE, masks, fill, (1, 0)),
        region_edits(MODEL, IMAGE, labels, [1, 2], fill, (1, 0)),
        box_edits(MODEL, IMAGE, BOXES[:2], fill, (1, 0), batch=2),
    ):
        torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-6)


def test_soft_masks_mix_image_and_fill():
    mask = torch.rand(1, *IMAGE.shape, generator=torch.Generator().manual_seed(0))
    _, scores = mask_edits(MODEL, IMAGE, mask, 0.5, (1, 0))
    torch.testing.assert_close(scores[0], score_of((1 - mask[0]) * IMAGE + mask[0] * 0.5))


def test_an_edit_that_changes_nothing_has_no_effect_to_the_bit():
    score, scores = box_edits(MODEL, IMAGE, BOXES, IMAGE, (1, 0))
    assert (scores == score).all()


def test_no_edits_give_the_score_alone():
    score, scores = box_edits(MODEL, IMAGE, BOXES[:0], 0.0, (1, 0))
    assert scores.shape == (0,)
    torch.testing.assert_close(score, score_of(IMAGE))


def test_fill_of_another_shape_and_per_row_targets_are_refused():
    with pytest.raises(BadInput, match="shape"):
        box_edits(MODEL, IMAGE, BOXES, torch.zeros(1, 2, 2, 2), 0)
    with pytest.raises(BadInput, match="one target"):
        box_edits(MODEL, IMAGE, BOXES, 0.0, torch.tensor([0]))
