"""Maps of attention: their definitions with loops, their laws, the traps they fall into, and what they refuse."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from bench.checks.method_probe import Plain, SmallTransformer, probes, randomised
from bench.contracts import BadInput, Unsupported
from bench.networks.attention_cnn import AttentionCNN
from bench.networks.hybrid import Hybrid
from bench.networks.vit import ViT
from methods._shared.attention import attended
from methods.attention import AttentionRollout, GradientRollout, RawAttention

ALL = [RawAttention(), AttentionRollout(), GradientRollout()]
GRID = (8, 12, 8)
IMAGES = probes()[0].images.double()


def vit(read="mean", **options):
    return randomised(ViT(GRID, 2, patch=4, width=4, heads=2, read=read, **options), 1).double()


def upsampled(read, first):
    coarse = read[:, first:].unflatten(1, (2, 3, 2))[:, None]
    return F.interpolate(coarse, GRID, mode="trilinear", align_corners=False).detach()


def layers_of(model, target=1):
    """Weights of each layer and their gradients, from the network's own parts, one after the other."""
    weights, tokens = [], model.places(model.embed(model.centred(IMAGES)).flatten(2).transpose(1, 2))
    for block in model.blocks[:-1]:
        apart = block.attention.project(block.norm1(tokens)).unflatten(2, (3, 2, 4))
        query, key, value = (apart[:, :, part].transpose(1, 2) for part in range(3))
        weights.append((query @ key.transpose(2, 3) / 2).softmax(3))
        tokens = tokens + block.attention.mix((weights[-1] @ value).transpose(1, 2).flatten(2))
        tokens = tokens + block.hidden(block.norm2(tokens))
    tokens = model.blocks[-1](tokens)
    outputs = model.readout(tokens[:, 0] if model.read == "class" else tokens.mean(1))
    torch.testing.assert_close(outputs, model(IMAGES))
    return weights, torch.autograd.grad(outputs[:, target].sum(), weights)


@pytest.mark.parametrize("read", ["mean", "class"])
def test_the_maps_are_their_definitions(read):
    """Path by path over tokens, for three layers."""
    model = vit(read, depth=3)
    weights, slopes = layers_of(model)
    size, first = weights[0].shape[2], int(read == "class")
    eye = torch.eye(size).double()
    rolled, gained = eye.expand(3, -1, -1), eye.expand(3, -1, -1)
    for weight, slope in zip(weights, slopes, strict=True):
        mean = torch.stack([weight[:, head] for head in range(2)]).mean(0)
        effect = torch.stack([torch.relu(weight[:, head] * slope[:, head]) for head in range(2)]).mean(0)
        rolled = torch.einsum("nij,njk->nik", 0.5 * mean + 0.5 * eye, rolled)
        gained = gained + torch.einsum("nij,njk->nik", effect, gained)
    flows = {RawAttention(): weights[-1].mean(1), AttentionRollout(): rolled, GradientRollout(): gained - eye}
    for method, flow in flows.items():
        expected = upsampled(flow[:, 0] if first else flow.mean(1), first)
        torch.testing.assert_close(method(model, IMAGES, 1), expected, rtol=1e-9, atol=1e-12)


def test_the_weights_are_found_where_networks_write_them():
    seen = attended(vit("class"), IMAGES, 1)
    assert (seen.grid, seen.first, len(seen.weights)) == ((2, 3, 2), 1, 2)
    for weight in seen.weights:
        torch.testing.assert_close(weight.sum(3), torch.ones(3, 2, 13).double())
    hybrid = randomised(Hybrid(GRID, 2, width=4, heads=2), 1).double()
    assert attended(hybrid, IMAGES, 1).grid == (2, 3, 2)
    assert GradientRollout()(hybrid, IMAGES, (1, 0)).abs().max() > 0


@pytest.mark.parametrize("method", [RawAttention(), AttentionRollout()], ids=repr)
def test_what_flows_to_the_readout_sums_to_one(method):
    """Rows of weights do, and so do products of such rows; on the grid of tokens, before upsampling."""
    model = vit()
    flow = [weight.mean(1).detach() for weight in attended(model, IMAGES, 1).weights]
    halves = [(layer + torch.eye(12).double()) / 2 for layer in flow]
    read = (flow[-1] if isinstance(method, RawAttention) else halves[1] @ halves[0]).mean(1)
    torch.testing.assert_close(read.sum(1), torch.ones(3).double())
    torch.testing.assert_close(method(model, IMAGES, 1), upsampled(read, 0))


class OneLayer(nn.Module):
    """Two slabs as tokens, mixed once; `scores` (2,) say how much each token is weighed, `values` what each brings."""

    def __init__(self, scores, values, mixed=1.0):
        super().__init__()
        self.embed = nn.Conv3d(1, 1, (4, 12, 8), stride=(4, 12, 8), bias=False)
        self.scores, self.values, self.mixed = torch.tensor(scores), torch.tensor(values), mixed

    def forward(self, x):
        tokens = self.embed(x).flatten(2).transpose(1, 2)
        weights = torch.softmax((self.scores + 0 * tokens.mT).expand(-1, 2, 2)[:, None], -1)
        tokens = tokens + self.mixed * (weights @ (tokens * self.values[:, None])[:, None])[:, 0]
        score = tokens.mean((1, 2))
        return torch.stack([-score, score], 1)


def slabs(found):
    """What a map says of each slab, at its outer edge."""
    return found[0, 0, [0, -1], 0, 0]


def one_layer(*given):
    model = OneLayer(*given)
    model.embed.weight.data.fill_(0.01)
    return model


IMAGE = torch.ones(1, 1, *GRID)


def test_trap_raw_attention_and_rollout_ignore_values():
    """The token that is weighed most brings nothing."""
    model = one_layer([3.0, 0.0], [0.0, 1.0])
    for method in (RawAttention(), AttentionRollout()):
        heavy, light = slabs(method(model, IMAGE, 1))
        assert heavy > light
    silent, heard = slabs(GradientRollout()(model, IMAGE, 1))
    assert silent < 1e-6 < heard


def test_trap_raw_attention_and_rollout_say_the_same_of_every_class_and_sign():
    model = vit()
    for method in (RawAttention(), AttentionRollout()):
        maps = [method(model, IMAGES, target) for target in (0, 1, (1, 0), (0, 1))]
        assert all(torch.equal(maps[0], other) for other in maps[1:])
    up, down = (GradientRollout()(model, IMAGES, target) for target in ((1, 0), (0, 1)))
    assert not torch.allclose(up, down, rtol=0.1)


def test_trap_rollout_takes_a_layer_to_add_as_much_as_it_is_given():
    """A layer whose sum is all but left out changes nothing, and rollout shows it as half of the map."""
    heard, ignored = (one_layer([3.0, 0.0], [1.0, 1.0], mixed) for mixed in (1.0, 1e-6))
    torch.testing.assert_close(AttentionRollout()(ignored, IMAGE, 1), AttentionRollout()(heard, IMAGE, 1))
    assert GradientRollout()(ignored, IMAGE, 1).max() < 1e-5 * GradientRollout()(heard, IMAGE, 1).max()


def test_trap_gradient_rollout_does_not_show_what_speaks_against():
    model = one_layer([0.0, 0.0], [1.0, -1.0])
    supporting, opposing = slabs(GradientRollout()(model, IMAGE, 1))
    assert supporting > 0 and opposing == 0
    supporting, opposing = slabs(GradientRollout()(model, IMAGE, 0))
    assert supporting == 0 and opposing > 0


def test_trap_a_layer_knows_places_of_tokens_and_not_what_was_mixed_into_them():
    """Raw attention of the last layer is flat though the first layer gave every token the voxels of one slab."""

    class Twice(OneLayer):
        def forward(self, x):
            tokens = self.embed(x).flatten(2).transpose(1, 2)
            one = torch.softmax((torch.tensor([9.0, 0.0]) + 0 * tokens.mT).expand(-1, 2, 2)[:, None], -1)
            tokens = (one @ tokens[:, None])[:, 0]
            even = torch.softmax((0 * tokens.mT).expand(-1, 2, 2)[:, None], -1)
            score = (even @ tokens[:, None]).mean((1, 2, 3))
            return torch.stack([-score, score], 1)

    model = Twice([0.0, 0.0], [1.0, 1.0])
    model.embed.weight.data.fill_(0.01)
    raw, rolled = (slabs(method(model, IMAGE, 1)) for method in (RawAttention(), AttentionRollout()))
    assert raw[0] == raw[1] and rolled[0] > 1.5 * rolled[1]


class Fused(SmallTransformer):
    def features(self, x):
        tokens = self.embed(x).flatten(2).transpose(1, 2)[:, None]
        return F.scaled_dot_product_attention(tokens, tokens, tokens)[:, 0].transpose(1, 2)[..., None, None]


class Torchs(SmallTransformer):
    def __init__(self):
        super().__init__()
        self.attend = nn.MultiheadAttention(6, 2, batch_first=True)

    def features(self, x):
        raise AssertionError("it is refused before anything is computed")


class Windowed(SmallTransformer):
    """Tokens of each half of the image attend to their own half."""

    def features(self, x):
        volume = self.embed(x)
        tokens = volume.flatten(2).transpose(1, 2).reshape(-1, 6, 6)[:, None]
        return (torch.softmax(tokens @ tokens.mT, -1) @ tokens)[:, 0].reshape(len(x), 12, 6).mT[..., None, None]


class Unplaced(SmallTransformer):
    """Tokens that no convolution lays out."""

    def features(self, x):
        tokens = x.flatten(2)[:, :, :60].unflatten(2, (10, 6))
        return (torch.softmax(tokens @ tokens.mT, -1) @ tokens)[:, 0].transpose(1, 2)[..., None, None]


REFUSED = {
    "'scaled_dot_product_attention' attends in a fused kernel.*write it as a softmax": Fused,
    r"'attend' \(MultiheadAttention\) attends in a fused kernel.*write it as a softmax": Torchs,
    "attend in windows": Windowed,
    "no convolution lays out the 10 tokens": Unplaced,
    "need layers of attention over tokens": Plain,
}


@pytest.mark.parametrize("sentence", REFUSED)
@pytest.mark.parametrize("method", ALL, ids=repr)
def test_attention_that_cannot_be_read_is_refused(method, sentence):
    with pytest.raises(Unsupported, match=sentence):
        method(randomised(REFUSED[sentence](), 0), IMAGES.float(), 1)


@pytest.mark.parametrize("method", ALL, ids=repr)
def test_a_gate_over_places_is_no_attention_between_tokens(method):
    with pytest.raises(Unsupported, match="need layers of attention"):
        method(AttentionCNN((8, 16, 8), 2).eval(), torch.rand(2, 1, 8, 16, 8), 1)


@pytest.mark.parametrize("method", ALL, ids=repr)
def test_a_class_that_does_not_exist_is_refused_though_the_map_is_of_none(method):
    with pytest.raises(BadInput, match="class 2"):
        method(vit(), IMAGES, 2)
