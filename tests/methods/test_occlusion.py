import pytest
import torch
from captum.attr import Occlusion as CaptumOcclusion
from scipy.ndimage import gaussian_filter

from bench.checks.method_probe import Plain, SmallLinear, probes, randomised
from bench.contracts import BadInput, Context
from bench.passes import count_passes, explained
from methods.occlusion import Occlusion
from methods.redrawn import RedrawOcclusion
from methods.replaced import SwapTest, TwinOcclusion

IMAGES = probes()[0].images.double()
MODEL = randomised(Plain(), 0).double()


@pytest.mark.parametrize("window, stride", [(4, 4), (4, 2), (2, 2)])
def test_it_is_captums_where_the_boxes_fit(window, stride):
    expected = CaptumOcclusion(MODEL).attribute(
        IMAGES, (1, window, window, window), strides=(1, stride, stride, stride), baselines=0.5, target=1
    )
    found = Occlusion(window, stride, fill=0.5)(MODEL, IMAGES, 1)
    torch.testing.assert_close(found, expected.double(), rtol=1e-4, atol=1e-6)


def by_definition(image, window, stride, filled):
    """Every voxel: the mean fall over the boxes over it, the grid of boxes centred."""
    starts = []
    for length in image.shape[1:]:
        count = -(-max(length - window, 0) // stride) + 1
        spare = ((count - 1) * stride + window - length) // 2
        starts.append([k * stride - spare for k in range(count)])
    total, cover = torch.zeros_like(image), torch.zeros_like(image)
    grid = torch.stack(torch.meshgrid(*(torch.arange(s) for s in image.shape[1:]), indexing="ij"), -1)
    for corner in torch.cartesian_prod(*map(torch.tensor, starts)):
        inside = ((grid >= corner) & (grid < corner + window)).all(-1)[None]
        scores = MODEL(torch.stack([image, torch.where(inside, filled, image)]))
        total[inside] += explained(scores, (1, 0)).diff().neg().item()
        cover += inside
    return total / cover


@pytest.mark.parametrize("fill", ["zero", "mean", "blur", 2.0])
@pytest.mark.parametrize("window, stride", [(6, 4), (5, 3), (12, 1)])
def test_it_is_its_definition(window, stride, fill):
    domain = IMAGES > 0
    found = Occlusion(window, stride, fill)(MODEL, IMAGES[:2], (1, 0), Context(domain=domain))
    for row, image in enumerate(IMAGES[:2]):
        filled = {"zero": torch.zeros_like(image), "mean": image[domain[row]].mean().expand_as(image)}.get(fill)
        if fill == "blur":
            filled = torch.from_numpy(gaussian_filter(image[0].numpy(), window / 2, mode="nearest"))[None]
        filled = torch.full_like(image, fill) if filled is None else filled
        torch.testing.assert_close(found[row], by_definition(image, window, stride, filled), rtol=1e-8, atol=1e-11)


def test_with_stride_window_it_is_exact_on_a_linear_model():
    """Each voxel holds its box's sum of w (x - b)."""
    model = randomised(SmallLinear(), 0).double()
    weight = (model.head.weight[1] - model.head.weight[0]).detach().reshape(1, *IMAGES.shape[1:])
    parts = weight * (IMAGES - 0.3)
    sums = torch.nn.functional.avg_pool3d(parts, 4) * 64
    expected = sums.repeat_interleave(4, 2).repeat_interleave(4, 3).repeat_interleave(4, 4)
    torch.testing.assert_close(Occlusion(4, 4, fill=0.3)(model, IMAGES, (1, 0)), expected, rtol=1e-9, atol=1e-10)


def test_boxes_that_hold_their_fill_are_exactly_zero_and_not_run():
    image = IMAGES[:1].clone()
    image[:, :, :, 6:] = 0
    with count_passes(MODEL) as passes:
        found = Occlusion(2, 2)(MODEL, image, (1, 0))
    assert passes.forward == 1 + 4 * 3 * 4
    assert (found[:, :, :, 6:] == 0).all() and (found[:, :, :, :6] != 0).any()
    assert (Occlusion(2, 2)(MODEL, 0 * image, (1, 0)) == 0).all()


@pytest.mark.parametrize("method", [Occlusion, SwapTest, TwinOcclusion, RedrawOcclusion])
def test_a_stride_that_leaves_voxels_out_is_refused(method):
    with pytest.raises(BadInput, match="stride=5 is not possible: give at most window=4"):
        method(4, 5)


@pytest.mark.parametrize("method", [Occlusion, SwapTest, TwinOcclusion, RedrawOcclusion])
def test_a_window_larger_than_the_image_is_refused_with_the_largest_there_is(method):
    probe = probes()[0]
    with pytest.raises(BadInput, match=r"window=13 .* at most 12, the longest axis of the image \(8, 12, 8\)"):
        method(13)(MODEL, IMAGES, 1, probe.context(method()))
