"""Bars that know other patients: what they show, and that they see nothing of the subject."""

import pytest
import torch
from torch import nn

from bench.contracts import Context, Truth, Undefined
from methods.others import PlaceTemplate, UseOfOthers

IMAGES = torch.randn(2, 1, 4, 4, 4, generator=torch.Generator().manual_seed(0))
MODEL = nn.Flatten()
HALVES = (torch.arange(4) // 2 + 1).view(1, 1, 4, 1, 1).expand(2, 1, 4, 4, 4)


def test_the_mean_use_of_others_is_painted_so_that_a_region_s_sum_is_its_value():
    others = Truth("use_others", regions=torch.tensor([[1.0, -2.0], [0.5, 4.0]]))
    context = Context(truths={"use_others": others}, regions=HALVES, region_names=("front", "back"))
    for images in (IMAGES, 0 * IMAGES):
        found = UseOfOthers()(MODEL, images, (1, 0), context)
        sums = torch.stack([(found * (region == HALVES)).flatten(1).sum(1) for region in (1, 2)], 1)
        torch.testing.assert_close(sums, others.regions)


@pytest.mark.parametrize("method", [PlaceTemplate(), UseOfOthers()])
def test_a_bar_without_its_truth_says_so(method):
    (truth,) = method.tags.truths
    with pytest.raises(Undefined, match=f"the truth '{truth}' is not known here"):
        method(MODEL, IMAGES, (1, 0), Context())
