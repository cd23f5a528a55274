"""Networks of conf/: grids, intrinsic maps, and which methods have rules for them."""

from pathlib import Path

import pytest
import torch
from omegaconf import OmegaConf
from torch import nn
from torch.nn.functional import cross_entropy

from bench.checks.method_probe import randomised
from bench.checks.networks import ProbeTask
from bench.config.architecture import architecture
from bench.contracts import BadInput, Unsupported
from bench.networks._attention import Attention
from bench.networks.conv5_fc3 import ConvFC
from bench.networks.group_norm_cnn import GroupNormCNN
from bench.networks.resnet import ResNet
from bench.networks.se_cnn import Excitation
from bench.networks.vit import MeanImage, ViT
from methods.cam import GradCAM
from methods.gradients import Gradient, GradientXInput
from methods.guided import GuidedBackprop
from methods.relevance import LRP0

CONF = Path(__file__).parents[2] / "conf"
#: networks of convolutions over the whole image, and what an axis must be divisible by
STRIDES = {
    "conv5_fc3": 8,
    "resnet10": 8,
    "resnet18": 8,
    "densenet": 8,
    "sfcn": 8,
    "attention_cnn": 8,
    "patch_fcn": 4,
    "gap_cnn": 4,
    "gmp_cnn": 4,
    "se_cnn": 4,
    "group_norm_cnn": 4,
    "hybrid": 4,
    "vit": 8,
    "ladder_vae": 4,
    "daninet": 4,
}
#: with those whose axes are not all divided alike
NETWORKS = [*STRIDES, "slice_attention"]
#: those that are no chain of affine operations and ReLUs, with what guided backprop refuses in each
GATED = {
    "attention_cnn": "softmax",
    "slice_attention": "softmax",
    "se_cnn": "sigmoid",
    "group_norm_cnn": "silu",
    "hybrid": "matmul",
    "vit": "matmul",
}
GRID = (16, 24, 16)


def network(name, shape=GRID, outputs=2):
    node = OmegaConf.to_container(OmegaConf.load(CONF / "network" / f"{name}.yaml"))
    torch.manual_seed(0)
    return architecture(node, ProbeTask(shape, outputs), ())().eval()


def images(count=2, shape=GRID):
    return torch.rand(count, 1, *shape, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("name", STRIDES)
def test_grids_of_the_stride_are_taken_and_others_refused(name):
    stride = STRIDES[name]
    for shape in ((stride,) * 3, (2 * stride, 3 * stride, stride)):
        assert network(name, shape, 3)(images(2, shape)).shape == (2, 3)
    for axis in range(3):
        odd = tuple(n + (i == axis) * stride // 2 for i, n in enumerate(GRID))
        with pytest.raises(BadInput, match=rf"divisible by {stride}"):
            network(name, odd)


def test_more_pooling_than_blocks_and_other_than_four_stages_are_refused():
    with pytest.raises(BadInput, match=r"ConvFC.pooled=6 is not possible: give at most 5"):
        ConvFC(GRID, 2, pooled=6)
    with pytest.raises(BadInput, match=r"ResNet.blocks=\[1, 1, 1\] is not possible: give the blocks of four stages"):
        ResNet(GRID, 2, blocks=(1, 1, 1))


def test_resnets_have_as_many_layers_as_their_names_say():
    """Convolutions on the main path and the readout; projections are not counted."""
    for name, layers in (("resnet10", 10), ("resnet18", 18)):
        kernels = [m for m in network(name).modules() if isinstance(m, nn.Linear) or getattr(m, "kernel_size", 0)]
        counted = [m for m in kernels if isinstance(m, nn.Linear) or (isinstance(m, nn.Conv3d) and 3 in m.kernel_size)]
        assert len(counted) == layers


def test_the_gate_decides_what_is_read():
    """A gate that is the same everywhere gives the mean, one that picks a place the features of that place."""
    model, x = randomised(network("attention_cnn"), 3).double(), images().double()
    fine, gate = model.fine(x), model.gate(model.fine(x), model.coarse(model.fine(x)))
    torch.testing.assert_close(gate.sum((2, 3, 4)), torch.ones(2, 1).double())
    torch.testing.assert_close(model(x), model.readout(torch.einsum("nidhw,ncdhw->nc", gate, fine)))
    shown = model.intrinsic(x)["gate"]
    assert shown.shape == x.shape and 0 < shown.min() < shown.max() < 1
    psi = model.gate.psi.weight.data.clone()
    model.gate.psi.weight.data.zero_()
    torch.testing.assert_close(model(x), model.readout(fine.mean((2, 3, 4))))
    model.gate.psi.weight.data = 1e9 * psi
    chosen = gate.flatten(1).argmax(1)
    torch.testing.assert_close(model(x), model.readout(fine.flatten(2)[torch.arange(2), :, chosen]))


def test_the_risk_map_is_what_each_window_scores_alone():
    """Each score equals the network's own computation on a crop: the map hides no context beyond its window."""
    model, x = randomised(network("patch_fcn"), 3).double(), images().double()
    risk, maps = model.risk(x), model.intrinsic(x)["risk"]
    assert maps.shape == (2, 2, *GRID)
    torch.testing.assert_close(model(x), risk.sum((2, 3, 4)))
    alone = model.windows(x[..., 1:11, 5:15, 1:11]).flatten(1)
    weight = model.readout.weight.unflatten(1, (-1, *risk.shape[2:]))[..., 2, 3, 2]
    torch.testing.assert_close(alone @ weight.T, risk[..., 2, 3, 2])


def test_the_risk_map_lies_where_the_windows_are():
    """With windows that average, the map of a ramp is the ramp wherever windows lie inside the image."""
    model = network("patch_fcn", (32, 32, 32))
    model.windows = nn.AvgPool3d(10, 4)
    model.readout.weight = nn.Parameter(torch.ones(1, 10**3))
    for axis in range(3):
        ramp = torch.arange(32.0).expand(1, 1, 32, 32, 32).movedim(-1, 2 + axis)
        centre = (slice(6, 26),) * 3
        torch.testing.assert_close(model.intrinsic(ramp)["risk"][0, 0][centre], ramp[0, 0][centre])


def test_grids_of_tokens_and_groups_that_do_not_divide_are_refused():
    with pytest.raises(
        BadInput, match=r"ViT.in_shape=\[16, 24, 15\] is not possible: give axes divisible by 8, or a patch"
    ):
        ViT((16, 24, 15), 2)
    with pytest.raises(
        BadInput, match=r"GroupNormCNN.groups=3 is not possible: give a number that divides each of widths"
    ):
        GroupNormCNN(GRID, 2, groups=3)


@pytest.mark.parametrize("read", ["mean", "class"])
def test_a_transformer_reads_its_tokens_and_their_places(read):
    """Patches that change places with what they are added to change nothing in the mean of tokens."""
    model, x = randomised(ViT(GRID, 2, patch=4, read=read), 3).double(), images().double()
    tokens = model.embed(model.centred(x)).flatten(2).transpose(1, 2)
    assert tokens.shape == (2, 4 * 6 * 4, 32)
    placed = model.places(tokens)
    torch.testing.assert_close(placed[:, placed.shape[1] - 96 :], tokens + model.places.places[-96:])
    order = torch.randperm(placed.shape[1], generator=torch.Generator().manual_seed(0))
    moved, plain = model.blocks(placed[:, order]), model.blocks(placed)
    torch.testing.assert_close(moved, plain[:, order])
    read_out = plain[:, 0] if read == "class" else plain.mean(1)
    torch.testing.assert_close(model(x), model.readout(read_out))


def test_the_mean_image_is_that_of_the_training_images():
    centred, x = MeanImage(GRID).double(), images(7).double()
    x[:, :, 0] = 0.3
    torch.testing.assert_close(centred.eval()(x), x)
    centred.train()
    for batch in x.split(3):
        centred(batch)
    spread = x.std(0, unbiased=False).clamp(min=0.05)
    torch.testing.assert_close(centred.eval()(x), (x - x.mean(0)) / spread)
    torch.testing.assert_close(centred(x[:2]), centred(x)[:2])


def test_written_attention_is_torchs():
    attention, tokens = randomised(Attention(8, 2), 1).double(), torch.randn(2, 5, 8).double()
    theirs = nn.MultiheadAttention(8, 2, batch_first=True).double()
    theirs.load_state_dict(
        dict(zip(theirs.state_dict(), [*attention.project.parameters(), *attention.mix.parameters()], strict=True))
    )
    torch.testing.assert_close(attention(tokens), theirs(tokens, tokens, tokens)[0])


def test_excited_channels_are_heard_as_their_gate_says():
    part, x = randomised(Excitation(3, 2), 1).double(), torch.rand(2, 3, 4, 4, 4).double()
    gate = torch.sigmoid(part.gate(x.mean((2, 3, 4))))
    torch.testing.assert_close(part(x), torch.einsum("ncdhw,nc->ncdhw", x, gate))
    assert gate.std() > 0.01


@pytest.mark.parametrize("name", NETWORKS)
def test_methods_explain_it_or_refuse(name):
    """LRP-0 equals gradient x input on ReLU networks, so rules met every operation; gates and spreads are constants."""
    model, x = randomised(network(name), 5).double(), images().double()
    for method in (Gradient(), GradCAM()):
        found = method(model, x, (1, 0))
        assert found.shape == x.shape and found.isfinite().all() and found.flatten(1).std(1).min() > 0
    if name in GATED:
        with pytest.raises(Unsupported, match=f"'{GATED[name]}'"):
            GuidedBackprop()(model, x, (1, 0))
        relevance, product = (method(model, x, (1, 0)).map for method in (LRP0(), GradientXInput()))
        assert relevance.isfinite().all() and not torch.allclose(relevance, product)
        return
    assert GuidedBackprop()(model, x, (1, 0)).flatten(1).std(1).min() > 0
    torch.testing.assert_close(LRP0()(model, x, (1, 0)).map, GradientXInput()(model, x, (1, 0)).map)


@pytest.mark.full
@pytest.mark.parametrize("name", NETWORKS)
def test_it_learns_whether_a_lesion_is_there(name):
    """A bright cube at one of eight places in noise: found in unseen images."""
    generator = torch.Generator().manual_seed(2)

    def cases(count):
        x = 0.3 * torch.randn(count, 1, 16, 16, 16, generator=generator)
        y = torch.arange(count) % 2
        for row in y.nonzero().flatten().tolist():
            d, h, w = (4 + 4 * torch.randint(2, (3,), generator=generator)).tolist()
            x[row, :, d : d + 4, h : h + 4, w : w + 4] += 1
        return x, y

    model = network(name, (16, 16, 16)).train()
    optimiser = torch.optim.AdamW(model.parameters(), 3e-3)
    for _ in range(60):
        x, y = cases(16)
        optimiser.zero_grad()
        cross_entropy(model(x), y).backward()
        optimiser.step()
    x, y = cases(200)
    assert (model.eval()(x).argmax(1) == y).float().mean() > 0.9
