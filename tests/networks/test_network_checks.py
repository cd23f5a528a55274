"""Every network passes every check on the eight regions of the checks; networks that cheat fail theirs alone."""

from math import prod
from pathlib import Path

import pytest
import torch
from omegaconf import OmegaConf
from torch import nn
from torch.nn.utils import parametrizations, parametrize

from bench.checks import networks
from bench.config.architecture import architecture

NODES = {p.stem: p for p in sorted((Path(__file__).parents[2] / "conf" / "network").glob("*.yaml"))}


def built(name, shape, outputs):
    return architecture(OmegaConf.to_container(OmegaConf.load(NODES[name])), networks.ProbeTask(shape, outputs), ())()


@pytest.mark.parametrize(
    "name", ["shape_ridge", "shape_boosting", "regional", "glimpse", "attention_cnn", "patch_fcn", "known_xor"]
)
def test_network_conforms(name):
    for check in networks.applicable(None):
        check(lambda shape, outputs: built(name, shape, outputs))


class Small(nn.Module):
    def __init__(self, in_shape, outputs):
        super().__init__()
        self.conv = nn.Conv3d(1, 4, 3, padding=1)
        self.readout = nn.Linear(4, outputs)

    def forward(self, x):
        return self.readout(self.conv(x).relu().mean((2, 3, 4)))


class CoarseMap(Small):
    def intrinsic(self, x):
        return {"gate": self.conv(x).mean(1, keepdim=True)[:, :, ::2]}


class BatchMap(Small):
    def intrinsic(self, x):
        return {"gate": x - x.mean()}


class KeepsItsKernel(Small):
    """Its convolution draws a bias anew, and no kernel."""

    class Conv(nn.Conv3d):
        def reset_parameters(self):
            if not hasattr(self, "drawn"):
                super().reset_parameters()
            self.drawn = True
            nn.init.zeros_(self.bias)

    def __init__(self, in_shape, outputs):
        super().__init__(in_shape, outputs)
        self.conv = self.Conv(1, 4, 3, padding=1)


class Rectified(Small):
    """Its weights are written through what takes no new weight."""

    class Positive(nn.Module):
        def forward(self, weight):
            return weight.abs()

    def __init__(self, in_shape, outputs):
        super().__init__(in_shape, outputs)
        parametrize.register_parametrization(self.conv, "weight", self.Positive())


class Normed(Small):
    """Every weight is written through a norm, as a hook or a parametrisation does."""

    def __init__(self, in_shape, outputs):
        super().__init__(in_shape, outputs)
        self.conv = parametrizations.spectral_norm(self.conv)
        self.readout = parametrizations.weight_norm(self.readout)


class Attentive(Small):
    """Torch's own layers of a transformer, over patches."""

    def __init__(self, in_shape, outputs):
        super().__init__(in_shape, outputs)
        self.conv = nn.Conv3d(1, 8, 8, stride=8)
        layer = nn.TransformerEncoderLayer(8, 2, dim_feedforward=16, batch_first=True)
        self.body = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.pooled = nn.MultiheadAttention(8, 2, kdim=8, vdim=8, batch_first=True)
        self.readout = nn.Linear(8, outputs)

    def forward(self, x):
        tokens = self.body(self.conv(x).flatten(2).mT)
        return self.readout(self.pooled(tokens, tokens, tokens)[0].mean(1))


class Tied(Small):
    """Its last layer has the weight of another."""

    def __init__(self, in_shape, outputs):
        super().__init__(in_shape, outputs)
        self.square = nn.Linear(4, 4)
        self.again = nn.Linear(4, 4)
        self.again.weight = self.square.weight

    def forward(self, x):
        return self.readout(self.again(self.square(self.conv(x).relu().mean((2, 3, 4)))))


class Extra(Small):
    """Its state holds more than tensors."""

    def get_extra_state(self):
        return {"epoch": 3}

    def set_extra_state(self, state):
        pass


class Unstored(Small):
    """It follows the images it is trained on in a buffer that is not stored."""

    def __init__(self, in_shape, outputs):
        super().__init__(in_shape, outputs)
        self.register_buffer("seen", torch.zeros(()), persistent=False)

    def forward(self, x):
        if self.training:
            self.seen += 0.1 * (x.mean().detach() - self.seen)
        return super().forward(x - self.seen)


class FirstBatch(Small):
    """It scales by the first batch that it is trained on."""

    scale = 1.0

    def forward(self, x):
        if self.training and self.scale == 1.0:
            self.scale = x.std().item()
        return super().forward(x / self.scale)


class Forgetful(nn.Module):
    """Its state is learnt into an attribute."""

    def __init__(self, in_shape, outputs):
        super().__init__()
        self.outputs, self.halfway = outputs, 0.0

    def forward(self, x):
        score = x[:, 0, : x.shape[2] // 2].mean((1, 2, 3)) - self.halfway
        return torch.stack([k * score for k in range(self.outputs)], 1)

    def fit(self, train, validation, generator):
        self.halfway = train.images[:, :, : train.images.shape[2] // 2].mean().item()


class Idle(Forgetful):
    def fit(self, train, validation, generator):
        pass


class Loaded(nn.Linear):
    """Its weights come from a file, which knows a grid of 2 x 2 x 2 voxels."""

    def __init__(self, in_shape, outputs, grid=(2, 2, 2)):
        super().__init__(prod(in_shape), outputs)
        self.weights = {"weight": torch.ones(outputs, prod(grid)), "bias": torch.zeros(outputs)}

    def forward(self, x):
        return super().forward(x.flatten(1))

    def fit(self, train, validation, generator):
        self.load_state_dict(self.weights)

    @staticmethod
    def files_of(node):
        return ()


@pytest.mark.parametrize(
    ("broken", "check", "says"),
    [
        (CoarseMap, "check_intrinsic", "shape"),
        (BatchMap, "check_intrinsic", "batch"),
        (KeepsItsKernel, "check_reset", "leaves conv.weight as it was"),
        (Rectified, "check_reset", "takes no new weight"),
        (Tied, "check_state", "square.weight and again.weight are one tensor"),
        (Extra, "check_state", "_extra_state of its state is no tensor"),
        (Unstored, "check_state", "not all that training changes is in the state_dict"),
        (FirstBatch, "check_state", "not all that training changes is in the state_dict"),
        (Forgetful, "check_fit", "state_dict"),
        (Idle, "check_fit", "brighter"),
    ],
)
def test_broken_network_fails_its_check_and_no_other(broken, check, says):
    failed = {}
    for each in networks.applicable(broken):
        try:
            each(broken)
        except AssertionError as error:
            failed[each.__name__] = str(error)
    assert list(failed) == [check] and says in failed[check]


@pytest.mark.parametrize("right", [Normed, Attentive])
def test_weights_behind_norms_and_in_attention_are_no_fault(right):
    for check in networks.applicable(right):
        check(right)


@pytest.mark.parametrize(("grid", "says"), [((2, 2, 2), "16 x 24 x 16"), (networks.SHAPE, "")])
def test_weights_from_a_file_are_asked_for_no_learning_and_may_be_made_for_another_grid(grid, says):
    said_of_fit = networks.check_fit(lambda shape, outputs: Loaded(shape, outputs, grid))
    assert says in said_of_fit if says else said_of_fit is None


def test_weights_that_no_seed_draws_are_told_where_to_load_them():
    class LoadsTooEarly(Loaded):
        def __init__(self, in_shape, outputs):
            super().__init__(in_shape, outputs, in_shape)
            self.fit(None, None, None)

    with pytest.raises(
        AssertionError, match=r"another seed .* load weights of yours in fit\(train, validation, generator\)"
    ):
        networks.check_initialisation(LoadsTooEarly)


def test_the_regions_of_the_checks_are_eight_octants():
    atlas = networks.ProbeTask((6, 8, 10), 2).atlas
    assert atlas.unique().tolist() == list(range(9))
    assert atlas[1, 1, 1] == 1 and atlas[4, 1, 1] == 2 and atlas[1, 6, 8] == 7 and not atlas[0].any()
