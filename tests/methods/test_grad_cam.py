import pytest
import torch
from captum.attr import LayerGradCam
from torch import nn
from torch.nn import functional as F

from bench.checks.method_probe import STYLES, Plain, SmallLinear, SmallResNet, probes, randomised
from bench.contracts import BadInput, Unsupported
from methods.cam import GradCAM

IMAGES = probes()[0].images.double()


def upsampled(coarse):
    return F.interpolate(coarse, IMAGES.shape[2:], mode="trilinear", align_corners=False).detach()


@pytest.mark.parametrize("layer", ["conv1", "norm1", "relus.1", "pool"])
@pytest.mark.parametrize("relu", [False, True])
def test_it_is_captums_on_a_named_layer(layer, relu):
    model = randomised(Plain(), 0).double()
    coarse = LayerGradCam(model, model.get_submodule(layer)).attribute(IMAGES, target=1, relu_attributions=relu)
    found = GradCAM(layer=layer, relu=relu)(model, IMAGES, 1)
    torch.testing.assert_close(found, upsampled(coarse), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("style", STYLES)
def test_last_conv_is_the_last_activation_before_pooling(style):
    found = GradCAM()(randomised(Plain(style), 0).double(), IMAGES, (1, 0))
    expected = GradCAM(layer="relus.1")(randomised(Plain("module"), 0).double(), IMAGES, (1, 0))
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("style", STYLES)
def test_last_conv_includes_the_residual_sum(style):
    found = GradCAM()(randomised(SmallResNet(style), 0).double(), IMAGES, (1, 0))
    expected = GradCAM(layer="relus.2")(randomised(SmallResNet("module"), 0).double(), IMAGES, (1, 0))
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-12)


def test_a_layer_followed_by_an_in_place_activation_is_taken_as_it_was():
    for layer in ("norm1", "norm2"):
        found = GradCAM(layer=layer)(randomised(Plain("in_place"), 0).double(), IMAGES, 1)
        expected = GradCAM(layer=layer)(randomised(Plain("functional"), 0).double(), IMAGES, 1)
        torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-12)


class GlobalMean(nn.Module):
    """Convolution, ReLU, global mean, linear: the network CAM was made for."""

    def __init__(self):
        super().__init__()
        self.conv, self.head = nn.Conv3d(1, 5, 3, stride=2, padding=1), nn.Linear(5, 2)

    def features(self, x):
        return F.relu(self.conv(x))

    def forward(self, x):
        return self.head(self.features(x).mean((2, 3, 4)))


def test_with_a_global_mean_it_is_cam_over_the_number_of_positions():
    model = randomised(GlobalMean(), 1).double()
    features = model.features(IMAGES)
    cam = torch.einsum("k,nkdhw->ndhw", model.head.weight[1] - model.head.weight[0], features)[:, None]
    found = GradCAM()(model, IMAGES, (1, 0))
    torch.testing.assert_close(found, upsampled(cam) / features[0, 0].numel(), rtol=1e-9, atol=1e-12)


def test_without_relu_minus_the_score_gives_minus_the_map():
    model = randomised(Plain(), 0).double()
    torch.testing.assert_close(GradCAM()(model, IMAGES, (1, 0)), -GradCAM()(model, IMAGES, (0, 1)))


class Late(GlobalMean):
    """A convolution over one voxel, as heads are sometimes written, is not a feature map."""

    def __init__(self):
        super().__init__()
        self.late = nn.Conv3d(5, 2, 1)

    def forward(self, x):
        return self.late(self.features(x).mean((2, 3, 4), keepdim=True)).flatten(1)


def test_a_convolutional_head_over_one_voxel_is_no_layer():
    model = randomised(Late(), 1).double()
    expected = GradCAM(layer="conv")(model, IMAGES, 1)
    found = GradCAM()(model, IMAGES, 1)
    assert found.abs().max() > 0
    assert not torch.allclose(found, expected), "taken before the ReLU"


def test_networks_and_layers_without_feature_maps_are_refused():
    with pytest.raises(Unsupported, match="convolutional feature maps"):
        GradCAM()(randomised(SmallLinear(), 0).double(), IMAGES, 1)
    with pytest.raises(Unsupported, match="'head' gives shape"):
        GradCAM(layer="head")(randomised(Plain(), 0).double(), IMAGES, 1)
    with pytest.raises(
        BadInput, match=r"^CAM methods: there is no layer of the network 'conv22'; did you mean 'conv2'"
    ):
        GradCAM(layer="conv22")(randomised(Plain(), 0).double(), IMAGES, 1)
