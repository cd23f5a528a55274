"""The layer that the CAM family takes where none is named: the last volume that feeds the readout."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from bench.checks.method_probe import probes, randomised
from bench.contracts import Context, Unsupported
from bench.networks.attention_cnn import AttentionCNN
from bench.networks.densenet import DenseNet
from methods.cam import GradCAM, GradCAMPlusPlus, HiResCAM, LayerCAM
from methods.cam_effect import AblationCAM, ScoreCAM
from methods.cam_guided import GuidedGradCAM
from methods.cam_linear import CAM

IMAGES = torch.randn(2, 1, 16, 24, 16, generator=torch.Generator().manual_seed(3)).double()
FAMILY = [GradCAM, GradCAMPlusPlus, HiResCAM, LayerCAM, AblationCAM, ScoreCAM]


class Named(nn.Module):
    """A stem, then the parts of a subclass; `seen` is an identity at the volume that is read out."""

    def __init__(self, channels):
        super().__init__()
        self.stem, self.seen, self.readout = nn.Conv3d(1, 6, 3, 2, 1), nn.Identity(), nn.Linear(channels, 2)

    def forward(self, x):
        return self.readout(self.seen(self.last(F.relu(self.stem(x)))).mean((2, 3, 4)))


class SpatialAttention(Named):
    """As in CBAM (Woo et al. 2018): a gate of one channel, convolved from the mean and maximum over channels."""

    def __init__(self):
        super().__init__(6)
        self.gate = nn.Conv3d(2, 1, 3, padding=1)

    def last(self, x):
        both = torch.cat([x.mean(1, keepdim=True), x.amax(1, keepdim=True)], 1)
        return x * torch.sigmoid(self.gate(both))


class ResidualAttention(SpatialAttention):
    """As in Wang et al. 2017: a gate beside one, in a branch that is narrowed and widened again."""

    def last(self, x):
        low = F.max_pool3d(x, 2).mean(1, keepdim=True).expand(-1, 2, -1, -1, -1)
        return x * (1 + F.interpolate(torch.sigmoid(self.gate(low)), scale_factor=2, mode="trilinear"))


class ChannelAttention(Named):
    """As in squeeze and excitation (Hu et al. 2018), by convolutions over one voxel."""

    def __init__(self):
        super().__init__(6)
        self.down, self.up = nn.Conv3d(6, 2, 1), nn.Conv3d(2, 6, 1)

    def last(self, x):
        return x * torch.sigmoid(self.up(F.relu(self.down(x.mean((2, 3, 4), keepdim=True)))))


class Dense(Named):
    """As MONAI's DenseNet121: concatenations, a transition, and a norm and ReLU of their own at the end."""

    def __init__(self):
        super().__init__(7)
        self.grown, self.norm, self.transition = nn.Conv3d(6, 3, 3, padding=1), nn.BatchNorm3d(9), nn.Conv3d(9, 4, 1)
        self.last_grown, self.last_norm = nn.Conv3d(4, 3, 3, padding=1), nn.BatchNorm3d(7)

    def last(self, x):
        x = F.avg_pool3d(self.transition(F.relu(self.norm(torch.cat([x, self.grown(x)], 1)))), 2)
        return torch.relu_(self.last_norm(torch.cat((x, self.last_grown(x)), dim=1)))


class UShaped(Named):
    """As a U-Net: what is decoded meets the encoder's volume last, and both are read out."""

    def __init__(self):
        super().__init__(10)
        self.deep, self.raised = nn.Conv3d(6, 8, 3, 2, 1), nn.ConvTranspose3d(8, 4, 2, 2)

    def last(self, x):
        return torch.cat([x, F.relu(self.raised(F.relu(self.deep(x))))], 1)


class Pooled(nn.Module):
    """Attention pooling: a matrix of softmaxes, made by a convolution, mixes the places."""

    def __init__(self):
        super().__init__()
        self.stem, self.seen = nn.Conv3d(1, 6, 3, 2, 1), nn.Identity()
        self.scores, self.readout = nn.Conv3d(6, 1, 1), nn.Linear(6, 2)

    def forward(self, x):
        x = self.seen(F.relu(self.stem(x)))
        return self.readout(torch.bmm(x.flatten(2), self.scores(x).flatten(2).softmax(2).mT).flatten(1))


LIKE = [SpatialAttention, ResidualAttention, ChannelAttention, Dense, UShaped, Pooled]


def built(network):
    return randomised(network(), 1).double()


@pytest.mark.parametrize("network", LIKE)
@pytest.mark.parametrize("method", FAMILY)
def test_the_layer_is_the_last_volume_that_feeds_the_readout(method, network):
    model = built(network)
    found, expected = method()(model, IMAGES, (1, 0)), method("seen")(model, IMAGES, (1, 0))
    assert expected.abs().max() > 0
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("network", [SpatialAttention, ResidualAttention, ChannelAttention, Dense, UShaped])
def test_cam_finds_the_volume_that_is_averaged(network):
    model = built(network)
    seen = []
    model.seen.register_forward_hook(lambda _, __, output: seen.append(output.detach()))
    found = CAM()(model, IMAGES, (1, 0))
    weight = (model.readout.weight[1] - model.readout.weight[0]).detach()
    coarse = torch.einsum("k,nkdhw->ndhw", weight, seen[0])[:, None]
    torch.testing.assert_close(found, F.interpolate(coarse, IMAGES.shape[2:], mode="trilinear"), rtol=1e-9, atol=1e-12)


def test_on_a_gated_network_the_map_is_of_what_the_gate_lets_through():
    """Not the gate itself, whose map would be the same for every readout."""
    torch.manual_seed(0)
    model = randomised(AttentionCNN((16, 24, 16), 2), 2).double()
    fine = model.fine(IMAGES)
    heard = (fine * model.gate(fine, model.coarse(fine))).detach()
    slope = (model.readout.weight[1] - model.readout.weight[0]).detach()
    coarse = torch.einsum("k,nkdhw->ndhw", slope, heard)[:, None]
    expected = F.interpolate(coarse, IMAGES.shape[2:], mode="trilinear")
    for method in (GradCAM(), HiResCAM()):
        torch.testing.assert_close(method(model, IMAGES, (1, 0)), expected, rtol=1e-9, atol=1e-12)
    with torch.no_grad():
        model.readout.weight.copy_(model.readout.weight.flip(1))
    assert not torch.allclose(GradCAM()(model, IMAGES, (1, 0)), expected, rtol=0.1)


def test_on_a_dense_network_all_channels_that_are_averaged_are_seen():
    torch.manual_seed(0)
    model = randomised(DenseNet((16, 24, 16), 2), 2).double()
    features = F.relu(model.norm(model.blocks(model.stem(IMAGES)))).detach()
    slope = (model.readout.weight[1] - model.readout.weight[0]).detach()
    coarse = torch.einsum("k,nkdhw->ndhw", slope, features)[:, None] / features[0, 0].numel()
    expected = F.interpolate(coarse, IMAGES.shape[2:], mode="trilinear")
    torch.testing.assert_close(GradCAM()(model, IMAGES, (1, 0)), expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("method", [*FAMILY, CAM, GuidedGradCAM])
def test_the_method_says_which_layer_it_took(method):
    model, context = randomised(Dense(), 1), Context()
    method()(model, IMAGES.float(), (1, 0), context)
    assert context.notes == {"layer": "seen: 7 x 4 x 6 x 4"}
    if method is not CAM:
        method(layer="grown")(model, IMAGES.float(), (1, 0), context)
        assert context.notes == {"layer": "grown: 3 x 8 x 12 x 8"}


def test_a_volume_that_no_module_returns_is_named_by_its_operation():
    model, context = randomised(AttentionCNN((16, 24, 16), 2), 2), Context()
    GradCAM()(model, IMAGES.float(), (1, 0), context)
    assert context.notes["layer"] == "mul: 32 x 4 x 6 x 4"


class Steps(nn.Module):
    """Two blocks with a pooling between them, and a gate on the finer grid that only weighs."""

    def __init__(self, pooled=True):
        super().__init__()
        self.first, self.second, self.gate = (
            nn.Conv3d(1, 4, 3, padding=1),
            nn.Conv3d(4, 6, 3, padding=1),
            nn.Conv3d(1, 4, 3, padding=1),
        )
        self.act, self.out, self.readout, self.size = nn.ReLU(), nn.ReLU(), nn.Linear(6, 2), 2 if pooled else 1

    def forward(self, x):
        weighed = self.act(self.first(x)) * torch.sigmoid(self.gate(x))
        return self.readout(self.out(self.second(F.max_pool3d(weighed, self.size))).mean((2, 3, 4)))


@pytest.mark.parametrize("method", FAMILY)
def test_the_finer_layer_is_the_last_heard_on_a_finer_grid(method):
    model, context = randomised(Steps(), 0).double(), Context()
    method(layer="finer")(model, IMAGES, (1, 0), context)
    assert context.notes["layer"] == "mul: 4 x 16 x 24 x 16"
    method()(model, IMAGES, (1, 0), context)
    assert context.notes["layer"] == "out: 6 x 8 x 12 x 8"


def test_without_a_finer_grid_it_is_the_last_layer():
    model = randomised(Steps(pooled=False), 0).double()
    assert torch.equal(GradCAM("finer")(model, IMAGES, 1), GradCAM()(model, IMAGES, 1))


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.pair, self.readout = Pair(), nn.Linear(4, 2)

    def forward(self, x):
        return self.readout(self.pair(x)[0].mean((2, 3, 4)))


class Pair(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv3d(1, 4, 3)

    def forward(self, x):
        return self.conv(x), x


@pytest.mark.parametrize("method", FAMILY)
def test_a_layer_that_returns_a_tuple_is_refused(method):
    with pytest.raises(Unsupported, match="one tensor of feature maps; 'pair' gives a tuple"):
        method(layer="pair")(randomised(Recurrent(), 0), probes()[0].images, 1)
