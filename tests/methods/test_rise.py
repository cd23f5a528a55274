import torch

from bench.checks.method_probe import Plain, SmallLinear, probes, randomised
from bench.passes import explained, forward
from methods.rise import RISE, Masks

IMAGES = probes()[0].images[:1].double()
SHAPE = IMAGES.shape[2:]


def masks(count=16, cells=3, chance=0.4, seed=0):
    return Masks(count, cells, chance, SHAPE, torch.Generator().manual_seed(seed))


def test_it_is_its_definition():
    model = randomised(Plain(), 0).double()
    drawn = Masks(16, 3, 0.5, SHAPE, torch.Generator().manual_seed(0))
    shown = 1 - torch.stack(list(drawn)).double()
    scores = explained(forward(model, shown * IMAGES + (1 - shown) * 0.2), (1, 0))
    centred = (scores - scores.mean()).reshape(-1, 1, 1, 1, 1)
    expected = (centred * shown).sum(0) / shown.sum(0)
    found = RISE(16, 3, fill=0.2)(model, IMAGES, (1, 0))
    torch.testing.assert_close(found[0].double(), expected, rtol=1e-5, atol=1e-6)


def test_masks_are_between_0_and_1_smooth_and_repeat_themselves():
    drawn = torch.stack(list(masks()))
    assert drawn.min() >= 0 and drawn.max() <= 1
    assert torch.equal(drawn, torch.stack([masks()[n] for n in range(16)]))
    for axis in (2, 3, 4):
        cell = -(-SHAPE[axis - 2] // 3)
        assert drawn.diff(dim=axis).abs().max() <= 1 / cell + 1e-6


def test_every_mask_comes_with_its_mirror_images():
    drawn = torch.stack(list(masks(8)))
    for axis in (2, 3, 4):
        mirrored = drawn.flip(axis)
        assert all(any(torch.equal(one, other) for other in drawn) for one in mirrored)


def test_every_voxel_is_shown_as_often_as_asked():
    shown = torch.zeros(1, *SHAPE)
    for mask in masks(8 * 400, chance=0.3):
        shown += 1 - mask
    assert (shown / 3200 - 0.3).abs().max() < 0.05


def test_on_a_network_that_reads_one_box_the_map_peaks_there():
    model = randomised(SmallLinear(), 0).double()
    weight = torch.zeros(1, *SHAPE).double()
    weight[:, 1:4, 7:10, 4:7] = 1
    with torch.no_grad():
        model.head.weight.copy_(torch.stack([0 * weight, weight]).flatten(1))
    found = RISE(2048, 4)(model, torch.ones_like(IMAGES), (1, 0))[0]
    assert found[weight > 0].mean() > found.flatten().quantile(0.97)
