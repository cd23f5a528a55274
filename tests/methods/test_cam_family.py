"""The identities that tie the CAM family together, in float64."""

import pytest
import torch
from scipy.ndimage import zoom
from torch import nn
from torch.nn import functional as F

from bench.checks.method_probe import STYLES, Plain, SmallResNet, probes, randomised
from bench.contracts import Unsupported
from bench.passes import explained, forward
from methods.cam import GradCAM, GradCAMPlusPlus, HiResCAM, LayerCAM
from methods.cam_effect import AblationCAM, ScoreCAM
from methods.cam_guided import GuidedGradCAM
from methods.cam_linear import CAM
from methods.cam_native import RespondCAM, SaliencyTubes
from methods.guided import GuidedBackprop

IMAGES = probes()[0].images.double()


class Ends(nn.Module):
    """Convolution and ReLU, then the given end of (N, 5, 4, 6, 4)."""

    def __init__(self, end):
        super().__init__()
        self.conv, self.end = nn.Conv3d(1, 5, 3, stride=2, padding=1), end

    def features(self, x):
        return F.relu(self.conv(x))

    def forward(self, x):
        return self.end(self.features(x))


class Saturated(nn.Module):
    """Zero at every value an image brings, so that nothing after it has a slope."""

    def forward(self, x):
        return F.relu(x - 1e6)


class Averaged(nn.Module):
    def __init__(self, *layers):
        super().__init__()
        self.layers = nn.Sequential(*layers or [nn.Linear(5, 2)])

    def forward(self, x):
        return self.layers(x.mean((2, 3, 4)))


def averaged(*layers):
    return randomised(Ends(Averaged(*layers)), 1).double()


def flat():
    return randomised(Ends(nn.Sequential(nn.Flatten(), nn.Linear(480, 2))), 1).double()


def upsampled(coarse):
    return F.interpolate(coarse, IMAGES.shape[2:], mode="trilinear", align_corners=False).detach()


def weight(model):
    head = model.end.layers[0]
    return (head.weight[1] - head.weight[0]).detach()[None, :, None, None, None]


def equal(found, expected):
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-12)


def test_after_a_global_average_the_family_is_one_map():
    model = averaged()
    features = model.features(IMAGES).detach()
    expected = upsampled((weight(model) * features).sum(1, keepdim=True))
    equal(CAM()(model, IMAGES, (1, 0)), expected)
    for method in (GradCAM(), HiResCAM()):
        equal(features[0, 0].numel() * method(model, IMAGES, (1, 0)), expected)
    falls = weight(model) * features.mean((2, 3, 4), keepdim=True)
    equal(AblationCAM(channels=5)(model, IMAGES, (1, 0)), upsampled((falls * features).sum(1, keepdim=True)))
    positive = (weight(model).clamp(min=0) * features).sum(1, keepdim=True) / features[0, 0].numel()
    equal(LayerCAM()(model, IMAGES, (1, 0)), upsampled(positive))


def test_hirescam_sums_to_the_score_without_its_bias_and_grad_cam_does_not():
    model = flat()
    maps = [cam(model, IMAGES, 1) for cam in (HiResCAM(), GradCAM())]
    features = model.features(IMAGES).detach()
    slope = model.end[1].weight[1].detach().reshape(features[:1].shape)
    equal(maps[0], upsampled((slope * features).sum(1, keepdim=True)))
    coarse = (slope * features).flatten(1).sum(1)
    equal(coarse, forward(model, IMAGES)[:, 1] - model.end[1].bias[1].detach())
    assert not torch.allclose(*maps, rtol=0.1)


def test_grad_cam_pp_is_its_formula():
    model = flat()
    features = model.features(IMAGES).detach()
    g = model.end[1].weight[1].detach().reshape(features[:1].shape)
    alpha = g**2 / (2 * g**2 + features.sum((2, 3, 4), keepdim=True) * g**3)
    weights = (alpha * g.clamp(min=0)).sum((2, 3, 4), keepdim=True)
    equal(GradCAMPlusPlus()(model, IMAGES, 1), upsampled((weights * features).sum(1, keepdim=True).clamp(min=0)))


def test_guided_grad_cam_is_the_product():
    model = randomised(Plain(), 0).double()
    product = GuidedBackprop()(model, IMAGES, 1) * GradCAM(relu=True)(model, IMAGES, 1)
    equal(GuidedGradCAM()(model, IMAGES, 1), product)


@pytest.mark.parametrize("layer", ["norm1", "norm2", "relus.1"])
def test_ablation_cam_is_the_fall_without_each_map(layer):
    model = randomised(Plain("module"), 0).double()
    module, seen = model.get_submodule(layer), []
    handle = module.register_forward_hook(lambda _, __, output: seen.append(output.detach()))
    score, total = explained(forward(model, IMAGES), (1, 0)), 0
    handle.remove()
    for channel, volume in enumerate(seen[0].unbind(1)):
        keep = (torch.arange(seen[0].shape[1]) != channel)[:, None, None, None]
        handle = module.register_forward_hook(lambda _, __, output, keep=keep: output * keep)
        fall = score - explained(forward(model, IMAGES), (1, 0))
        handle.remove()
        total = total + fall[:, None, None, None, None] * volume[:, None]
    equal(AblationCAM(layer, channels=7)(model, IMAGES, (1, 0)), upsampled(total))


@pytest.mark.parametrize("style", STYLES)
def test_the_last_volume_is_edited_however_it_is_written(style):
    for network, layer in ((SmallResNet, "relus.2"), (Plain, "relus.1")):
        found = AblationCAM(channels=6)(randomised(network(style), 0).double(), IMAGES, (1, 0))
        equal(found, AblationCAM(layer, 6)(randomised(network("module"), 0).double(), IMAGES, (1, 0)))


def test_score_cam_is_its_algorithm():
    model = averaged()
    features = model.features(IMAGES).detach()
    for row, image in enumerate(IMAGES):
        scores = []
        for volume in features[row]:
            mask = upsampled(volume[None, None])
            mask = (mask - mask.min()) / (mask.max() - mask.min()) if mask.max() > mask.min() else 0 * mask
            scores.append(explained(model(image[None] * mask), (1, 0)).detach() - explained(model(0 * image[None]), 1))
        weights = torch.cat(scores).detach().softmax(0)[:, None, None, None]
        expected = upsampled((weights * features[row]).sum(0)[None, None].clamp(min=0))[0]
        equal(ScoreCAM(channels=6)(model, IMAGES, (1, 0))[row], expected)


REFUSED = {
    "two layers": lambda: averaged(nn.Linear(5, 4, bias=False), nn.ReLU(), nn.Linear(4, 2, bias=False)),
    "an odd readout": lambda: averaged(nn.Linear(5, 4, bias=False), nn.Tanh(), nn.Linear(4, 2)),
    "a flat readout": flat,
    "a saturated readout": lambda: averaged(nn.Linear(5, 4), Saturated(), nn.Linear(4, 2)),
    "a maximum": lambda: randomised(Ends(nn.Sequential(nn.AdaptiveMaxPool3d(1), nn.Flatten())), 1).double(),
}


@pytest.mark.parametrize("name", REFUSED)
def test_cam_is_refused_where_the_readout_is_no_average_and_one_layer(name):
    for method in (CAM(), SaliencyTubes()):
        with pytest.raises(Unsupported, match="global average and one linear layer"):
            method(REFUSED[name](), IMAGES, 1)


def test_too_many_feature_maps_are_refused_with_the_way_out():
    for method in (AblationCAM(channels=4), ScoreCAM(channels=4)):
        with pytest.raises(Unsupported, match="set channels=5"):
            method(averaged(), IMAGES, 1)


def test_respond_cam_is_its_formula_and_sums_to_what_hirescam_sums_to():
    model = flat()
    features = model.features(IMAGES).detach()
    slope = model.end[1].weight[1].detach().reshape(features[:1].shape)
    coarse = 0
    for channel in range(5):
        a, g = features[:, channel], slope[:, channel]
        weight = (a * g).sum((1, 2, 3)) / a.sum((1, 2, 3))
        coarse = coarse + weight[:, None, None, None] * a
    equal(RespondCAM()(model, IMAGES, 1), upsampled(coarse[:, None]))
    equal(coarse.flatten(1).sum(1), forward(model, IMAGES)[:, 1] - model.end[1].bias[1].detach())


def test_respond_cam_is_grad_cam_where_a_feature_map_has_one_gradient():
    model = averaged()
    equal(RespondCAM()(model, IMAGES, (1, 0)), GradCAM()(model, IMAGES, (1, 0)))


def test_trap_respond_cam_explodes_at_a_feature_map_that_sums_to_nearly_zero():
    class Balanced(nn.Module):
        """Two voxels of opposite sign, of which the score reads the first."""

        def __init__(self):
            super().__init__()
            self.conv = nn.Conv3d(1, 1, 1, bias=False)

        def forward(self, x):
            return torch.stack([0 * x.sum((1, 2, 3, 4)), self.conv(x)[..., 0].sum((1, 2, 3))], 1)

    model, x = Balanced().double(), torch.tensor([1.0, -0.999]).double().reshape(1, 1, 1, 1, 2)
    respond, hires = (method(model, x, 1) for method in (RespondCAM(), HiResCAM()))
    assert respond.abs().max() > 900 * hires.abs().max()
    equal(respond.sum(), hires.sum())


def test_saliency_tubes_are_cam_in_0_to_1_by_splines():
    model = averaged()
    features = model.features(IMAGES).detach()
    for row, coarse in enumerate((weight(model) * features).sum(1)):
        smooth = zoom(coarse.numpy(), [fine / few for fine, few in zip(IMAGES.shape[2:], coarse.shape, strict=True)])
        expected = torch.from_numpy((smooth - smooth.min()) / (smooth.max() - smooth.min()))
        equal(SaliencyTubes()(model, IMAGES, (1, 0))[row, 0], expected)


def test_trap_saliency_tubes_show_evidence_against_as_none():
    """Where all features speak against, the place that does so least is brightest."""
    model = averaged()
    with torch.no_grad():
        model.end.layers[0].weight[1] = -model.end.layers[0].weight[1].abs()
    against = CAM()(model, IMAGES, 1)
    tubes = SaliencyTubes()(model, IMAGES, 1)
    assert (against <= 0).all() and tubes.amax() == 1 and tubes.amin() == 0
