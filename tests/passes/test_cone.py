"""The incremental pass is the full pass within rounding, on every network and for every box."""

import pytest
import torch
from gated import Gated
from torch import nn
from torch.nn import functional as F

from bench.checks.method_probe import randomised
from bench.networks.attention_cnn import AttentionCNN
from bench.networks.cnn import PooledCNN
from bench.networks.conv5_fc3 import ConvFC
from bench.networks.densenet import DenseNet
from bench.networks.linear import Linear
from bench.networks.patch_fcn import PatchFCN
from bench.networks.resnet import ResNet
from bench.networks.sfcn import SFCN
from bench.passes import Cone, box_edits, count_passes, explained, forward, region_edits

SHAPE = (16, 24, 8)
NETWORKS = {
    "linear": Linear(SHAPE, 2),
    "gap_cnn": PooledCNN(SHAPE, 2, width=4),
    "gmp_cnn": PooledCNN(SHAPE, 2, width=4, pool="max"),
    "conv5_fc3": ConvFC(SHAPE, 2, widths=(4, 6, 8, 8, 8)),
    "resnet10": ResNet(SHAPE, 2, width=4),
    "resnet18": ResNet(SHAPE, 2, width=4, blocks=(2, 2, 2, 2)),
    "densenet": DenseNet(SHAPE, 2),
    "sfcn": SFCN(SHAPE, 2),
    "attention_cnn": AttentionCNN(SHAPE, 2),
    "patch_fcn": PatchFCN(SHAPE, 2, widths=(4, 6), hidden=5),
}
#: inside, at every border, along a whole axis, one voxel, the whole image
BOXES = [
    [[5, 7, 2], [9, 12, 5]], [[6, 8, 3], [10, 13, 6]], [[0, 0, 0], [4, 5, 3]], [[12, 19, 5], [16, 24, 8]],
    [[0, 9, 4], [16, 11, 5]], [[7, 0, 0], [8, 24, 8]], [[15, 23, 7], [16, 24, 8]], [[3, 3, 3], [4, 4, 4]],
    [[0, 0, 0], [16, 24, 8]],
]  # fmt: skip


def noise(shape, seed):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def followed_and_full(model, shape, boxes):
    """Scores of noise put into boxes, followed and by full passes."""
    image, filled, boxes = noise((1, *shape), 0), noise((1, *shape), 1), torch.tensor(boxes)
    cone = Cone(model, image, (1, 0))
    assert cone.reason is None
    cuts = [tuple(slice(*span) for span in zip(*box, strict=True)) for box in boxes.tolist()]
    edited = image.repeat(len(boxes), 1, 1, 1, 1)
    for number, cut in enumerate(cuts):
        edited[number, :, *cut] = filled[:, *cut]
    found = cone.scores(boxes, lambda number: filled[:, *cuts[number]])
    assert cone.reason is None
    assert cone.score == explained(forward(model, image[None]), (1, 0))[0]
    return found, explained(forward(model, edited), (1, 0))


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_is_followed_exactly(name):
    found, full = followed_and_full(randomised(NETWORKS[name], 0).double(), SHAPE, BOXES)
    torch.testing.assert_close(found, full, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("name", NETWORKS)
def test_in_float32_they_differ_by_rounding(name):
    model, image = randomised(NETWORKS[name], 0).float(), noise((1, *SHAPE), 2).float()
    boxes = torch.tensor([[[a, b, c], [a + 5, b + 4, c + 3]] for a in range(12) for b in (0, 7, 20) for c in (0, 3, 5)])
    _, found = box_edits(model, image, boxes, 0.5, (1, 0))
    edited = image.repeat(len(boxes), 1, 1, 1, 1)
    for number, ((a, b, c), (d, e, f)) in enumerate(boxes.tolist()):
        edited[number, :, a:d, b:e, c:f] = 0.5
    torch.testing.assert_close(found, explained(forward(model, edited), (1, 0)), rtol=1e-5, atol=2e-5)


class Odd(nn.Module):
    """Strides that skip voxels, dilation, `same`, ceil mode, overlapping pools, in-place sums, uneven padding."""

    def __init__(self):
        super().__init__()
        self.skip = nn.Conv3d(1, 3, 1, stride=2)
        self.wide = nn.Conv3d(1, 3, (5, 3, 1), stride=2, padding=(2, 1, 0))
        self.far = nn.Conv3d(3, 4, 3, dilation=2, padding="same")
        self.grouped = nn.Conv3d(4, 4, (1, 3, 3), padding=(0, 2, 1), groups=2)
        self.head = nn.Linear(4, 2)

    def forward(self, x):
        y = self.skip(x)
        y += self.wide(x)
        y = F.max_pool3d(F.relu(self.far(y), inplace=True), 3, stride=2, padding=1, ceil_mode=True)
        y = F.pad(y, (1, 2, 0, 3), value=0.7)
        y = F.avg_pool3d(self.grouped(y), 2, stride=1, padding=1)
        y = F.interpolate(y, scale_factor=2, mode="nearest")
        y = (1.0 - y.sigmoid()) * y.mean(1, keepdim=True) / 2
        return self.head(F.adaptive_avg_pool3d(y, (1, 2, 3)).sum((2, 3, 4)))


@pytest.mark.parametrize("shape", [(13, 11, 9), (7, 15, 10)])
def test_odd_grids_and_geometries(shape):
    starts = torch.cartesian_prod(*(torch.arange(0, n - 2, 2) for n in shape))
    boxes = torch.stack([starts, starts + torch.tensor([2, 3, 1])], 1).clamp(max=torch.tensor(shape)).tolist()
    found, full = followed_and_full(randomised(Odd(), 0).double(), shape, boxes)
    torch.testing.assert_close(found, full, rtol=1e-10, atol=1e-10)


class Normed(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Conv3d(1, 2, 3), nn.InstanceNorm3d(2), nn.AdaptiveAvgPool3d(1), nn.Flatten())


class Deciding(Gated):
    def forward(self, x):
        return super().forward(x if x.mean() > 5 else 2 * x)


class Unordered(Gated):
    def forward(self, x):
        return torch.stack([super(Unordered, self).forward(part[None])[0] for part in x])


@pytest.mark.parametrize(("kind", "reason"), [(Normed, "instance_norm"), (Deciding, "mean"), (Unordered, "")])
def test_what_cannot_be_followed_takes_full_passes(kind, reason):
    model = randomised(kind(), 0).double()
    image = noise((1, 8, 12, 8), 0)
    boxes = torch.tensor([[[1, 2, 3], [4, 5, 6]], [[0, 0, 0], [3, 3, 3]]])
    cone = Cone(model, image, (1, 0))
    cone.scores(boxes, lambda number: torch.zeros(1, 3, 3, 3, dtype=image.dtype))
    assert cone.reason is not None and reason in cone.reason
    edited = image.repeat(2, 1, 1, 1, 1)
    edited[0, :, 1:4, 2:5, 3:6] = 0
    edited[1, :, :3, :3, :3] = 0
    score, scores = box_edits(model, image, boxes, 0.0, (1, 0))
    torch.testing.assert_close(scores, explained(forward(model, edited), (1, 0)))
    assert score == explained(forward(model, image[None]), (1, 0))[0]


def test_an_edit_without_effect_has_none_to_the_bit():
    """Most boxes miss every maximum over space; rounding must not make small effects of them."""
    model = randomised(PooledCNN(SHAPE, 2, width=2, blocks=2, pool="max"), 0).float()
    image = noise((1, *SHAPE), 0).float()
    starts = torch.cartesian_prod(torch.arange(14), torch.arange(0, 22, 3), torch.arange(6))
    score, scores = box_edits(model, image, torch.stack([starts, starts + 2], 1), 0.0, (1, 0))
    edited = image.repeat(len(starts), 1, 1, 1, 1)
    for number, (a, b, c) in enumerate(starts.tolist()):
        edited[number, :, a : a + 2, b : b + 2, c : c + 2] = 0.0
    full = explained(forward(model, torch.cat([image[None], edited])), (1, 0))
    unmoved = full[1:] == full[0]
    assert 50 < unmoved.sum() < len(starts)
    assert torch.equal(scores == score, unmoved)


def test_edits_count_as_passes_and_unchanged_ones_do_not():
    model, image = randomised(NETWORKS["gap_cnn"], 0).float(), noise((1, *SHAPE), 0).float()
    labels = torch.zeros(1, *SHAPE, dtype=torch.int16)
    labels[:, 2:5, 3:9, 1:4], labels[:, 4:, 20:, 6:] = 1, 2
    with count_passes(model) as passes:
        score, scores = region_edits(model, image, labels, [1, 2, 3], 0.0, (1, 0))
    assert passes.forward == 1 + 2
    assert scores[2] == score
    edited = torch.stack([torch.where(labels == region, 0.0, image) for region in (1, 2)])
    torch.testing.assert_close(scores[:2], explained(forward(model, edited), (1, 0)), rtol=1e-5, atol=1e-5)
    assert not any(len(module._forward_hooks) for module in model.modules())
