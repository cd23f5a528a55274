"""Norms by the image's own mean and spread: relevance holds the spread still, guided gradients pass, others refuse."""

import pytest
import torch
from captum.attr import Deconvolution
from captum.attr import GuidedBackprop as CaptumGuided
from test_gates import FAMILY, OTHERS
from test_relevance import images
from test_relevance_rules import map_of
from torch import nn

from bench.checks.method_probe import randomised
from bench.contracts import Unsupported
from methods.guided import DeconvNet, GuidedBackprop
from methods.relevance import LRP0, LRPEpsilon
from methods.relevance_attention import AttnLRP

NORMS = {
    "layer_norm": lambda affine: nn.LayerNorm((4, 2, 3, 2), elementwise_affine=affine),
    "rms_norm": lambda affine: nn.RMSNorm((3, 2), elementwise_affine=affine),
    "group_norm": lambda affine: nn.GroupNorm(2, 4, affine=affine),
    "instance_norm": lambda affine: nn.InstanceNorm3d(4, affine=affine),
}
#: of what values each takes mean and spread, out of (4, 2, 3, 2)
TOGETHER = {
    "layer_norm": lambda i: 0 * i[0],
    "rms_norm": lambda i: 6 * i[0] + i[1],
    "group_norm": lambda i: i[0] // 2,
    "instance_norm": lambda i: i[0],
}
NORMED = (4, 2, 3, 2)
REFUSING = [method for method in OTHERS if not isinstance(method, GuidedBackprop | DeconvNet)]


def normed(name, affine=True, bias=True):
    layers = [nn.Conv3d(1, 4, 2, stride=2, bias=bias), NORMS[name](affine), nn.ReLU(), nn.Flatten()]
    return randomised(nn.Sequential(*layers, nn.Linear(48, 2, bias)), 2).double()


def still(name, x):
    """The matrix of one image's norm with its spread held still, without weights: outputs by inputs."""
    places = torch.stack(torch.meshgrid(*(torch.arange(n) for n in NORMED), indexing="ij")).flatten(1)
    group = TOGETHER[name](places)
    same = (group[:, None] == group).double()
    mean = same / same.sum(1, keepdim=True)
    centring = torch.eye(48).double() - (0 if name == "rms_norm" else mean)
    eps = torch.finfo(x.dtype).eps if name == "rms_norm" else 1e-5
    return centring / (mean @ (centring @ x).square() + eps).sqrt()[:, None]


@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("name", NORMS)
def test_lrp_0_shares_by_the_matrix_that_a_norm_is_with_its_spread_held_still(name, affine):
    model, x = normed(name, affine), images()
    conv, norm, head = model[0], model[1], model[4]
    computed = LRP0()(model, x, 1).map
    for row, image in enumerate(x):
        h = conv(image[None])[0].detach()
        y = norm(h[None]).detach().flatten()
        a = torch.relu(y)
        gain = _gain(norm, name) if affine else torch.ones(48).double()
        matrix = gain[:, None] * still(name, h.flatten())
        relevance = head.weight[1].detach() * a
        shares = matrix * h.flatten() * torch.where(y > 0, relevance / y, 0.0)[:, None]
        at_norm = shares.sum(0)
        slope = torch.autograd.functional.jacobian(lambda v: conv(v[None])[0].flatten(), image).reshape(48, -1)
        expected = (slope * image.flatten() * (at_norm / h.flatten())[:, None]).sum(0)
        torch.testing.assert_close(computed[row].flatten(), expected, rtol=1e-8, atol=1e-11)


def _gain(norm, name):
    weight = norm.weight.detach()
    if name in ("layer_norm", "rms_norm"):
        return weight.expand(NORMED).flatten()
    return weight.reshape(-1, 1, 1, 1).expand(NORMED).flatten()


@pytest.mark.parametrize("name", NORMS)
def test_a_norm_without_bias_keeps_all_relevance(name):
    """Though what it gives does not grow with what it is given."""
    model, x = normed(name, affine=False, bias=False), images()
    torch.testing.assert_close(LRP0()(model, x, 1).map.flatten(1).sum(1), model(x)[:, 1].detach())
    moving = x.clone().requires_grad_()
    (slope,) = torch.autograd.grad(model(moving)[:, 1].sum(), moving)
    assert (slope * x).flatten(1).sum(1).abs().max() < 1e-3 * model(x)[:, 1].abs().max()


def test_the_rms_norm_passes_relevance_on_value_by_value():
    norm = nn.RMSNorm(96, elementwise_affine=False).double()
    model = nn.Sequential(nn.Flatten(), norm)
    for chosen in (0, 17):
        computed = LRP0()(model, images(), chosen).map.flatten(1)
        expected = torch.zeros(2, 96).double()
        expected[:, chosen] = norm(images().flatten(1))[:, chosen]
        torch.testing.assert_close(computed, expected)


@pytest.mark.parametrize("name", NORMS)
@pytest.mark.parametrize("method", [*(m for m in FAMILY if "Taylor" not in repr(m)), AttnLRP()], ids=repr)
def test_the_whole_family_passes_norms(method, name):
    computed = map_of(method, normed(name), images(), 1)
    assert computed.isfinite().all() and computed.abs().max() > 0


def test_a_norm_by_stored_statistics_is_a_batch_norm():
    stored = nn.InstanceNorm3d(4, affine=True, track_running_stats=True)
    first = randomised(nn.Sequential(nn.Conv3d(1, 4, 2), stored, nn.Flatten(), nn.Linear(180, 2)), 2).double()
    batch = nn.BatchNorm3d(4).double().eval()
    batch.load_state_dict(stored.state_dict())
    second = nn.Sequential(first[0], batch, *first[2:])
    for method in (LRP0(), LRPEpsilon()):
        torch.testing.assert_close(method(first, images(), 1).map, method(second, images(), 1).map)


@pytest.mark.filterwarnings("ignore:Setting backward hooks")
@pytest.mark.parametrize(("method", "captum"), [(GuidedBackprop(), CaptumGuided), (DeconvNet(), Deconvolution)])
@pytest.mark.parametrize("name", NORMS)
def test_guided_gradients_pass_norms_by_their_derivative_as_captums(method, captum, name):
    model = normed(name)
    expected = captum(model).attribute(images().requires_grad_(), target=1).detach()
    torch.testing.assert_close(method(model, images(), 1), expected, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("name", NORMS)
@pytest.mark.parametrize("method", REFUSING, ids=repr)
def test_methods_that_compare_with_a_reference_or_with_patterns_refuse_it(method, name):
    with pytest.raises(Unsupported, match=f"no rule for the operation '{name}'"):
        method(normed(name), images(), 1)
