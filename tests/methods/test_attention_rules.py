"""Relevance at attention: along the values that it weighs, and by AttnLRP through the softmax and its products."""

import pytest
import torch
from test_gates import FAMILY, OTHERS, held_still
from test_relevance import images, networks
from test_relevance_rules import map_of
from torch import nn
from torch.nn import functional as F

from bench.checks.method_probe import randomised
from bench.contracts import Unsupported
from bench.networks._attention import TransformerBlock
from methods.relevance import LRP0, LRPEpsilon
from methods.relevance_attention import AttnLRP
from methods.relevance_supporting import DeepTaylor

TOKENS, WIDTH, HEADS = 8, 12, 2


class Attended(nn.Module):
    """Eight slabs of the image as tokens of twelve voxels, one layer of attention in two heads, and a head."""

    def __init__(self, attend, end=None):
        super().__init__()
        self.query, self.key, self.value = (nn.Linear(WIDTH, 8) for _ in range(3))
        self.head, self.attend = nn.Linear(8, 2), attend
        self.end = end or (lambda net, mixed: net.head(torch.relu(mixed.transpose(1, 2).flatten(2)).mean(1)))

    def forward(self, x):
        tokens = x.flatten(1).unflatten(1, (TOKENS, WIDTH))
        apart = [f(tokens).unflatten(2, (HEADS, 4)).transpose(1, 2) for f in (self.query, self.key, self.value)]
        return self.end(self, self.attend(*apart))


def plainly(q, k, v):
    return (q @ k.transpose(-2, -1) / 2).softmax(-1) @ v


def scaled_first(q, k, v):
    return torch.matmul(F.softmax(torch.matmul(q * 0.5, k.mT), dim=-1), v)


def by_batches(q, k, v):
    q, k, v = (t.flatten(0, 1) for t in (q, k, v))
    return torch.bmm(torch.softmax(torch.bmm(q, k.mT) * 0.5, 2), v).unflatten(0, (-1, HEADS))


def with_a_bias_of_place(q, k, v):
    return (q @ k.mT / 2 + torch.zeros(TOKENS, TOKENS).double()).softmax(-1) @ v


WRITTEN = {
    "scaled first": scaled_first,
    "by batches": by_batches,
    "fused": F.scaled_dot_product_attention,
    "with a bias of place": with_a_bias_of_place,
}


def attended(attend=plainly, end=None):
    return randomised(Attended(attend, end), 3).double()


class Mixing(nn.Module):
    """The tokens themselves, mixed by their own attention: row i, feature 3 of which is output i."""

    def forward(self, x):
        tokens = x.flatten(1).unflatten(1, (TOKENS, WIDTH))
        return plainly(tokens, tokens, tokens)[:, :, 3]


def test_each_row_shares_its_relevance_among_the_values_it_weighs():
    """R of token j is a_ij v_j, which sum to the row."""
    x = images()
    tokens = x.flatten(1).unflatten(1, (TOKENS, WIDTH))
    weights = (tokens @ tokens.mT / 2).softmax(-1)
    for row in range(TOKENS):
        computed = LRP0()(Mixing(), x, row).map.reshape(tokens.shape)
        torch.testing.assert_close(computed[:, :, 3], weights[:, row] * tokens[:, :, 3])
        assert computed[:, :, :3].abs().max() == 0
        torch.testing.assert_close(computed.sum((1, 2)), Mixing()(x)[:, row])


def test_lrp_0_is_gradient_x_input_with_the_attention_held_still():
    model = attended(lambda q, k, v: torch.softmax(q @ k.mT / 2, -1) @ v)
    torch.testing.assert_close(LRP0()(model, images(), 1).map, held_still(model, images()), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", WRITTEN)
@pytest.mark.parametrize("method", [*FAMILY, AttnLRP(1e-9)], ids=repr)
def test_attention_has_one_map_however_it_is_written(method, name):
    expected = map_of(method, attended(), images(), 1)
    assert expected.abs().max() > 0
    error = map_of(method, attended(WRITTEN[name]), images(), 1) - expected
    assert error.abs().max() < 1e-5 * expected.abs().max()


class Encoded(nn.Module):
    """Slabs as tokens of a transformer's layer, which is ours or torch's."""

    def __init__(self, layer):
        super().__init__()
        self.layer, self.head = layer, nn.Linear(WIDTH, 2)

    def forward(self, x):
        return self.head(self.layer(x.flatten(1).unflatten(1, (TOKENS, WIDTH))).mean(1))


def encoded(dtype=torch.float64):
    """The same network with our layer of attention and with torch's."""
    ours = randomised(Encoded(TransformerBlock(WIDTH, HEADS)), 3)
    options = {"dim_feedforward": 2 * WIDTH, "activation": "gelu", "batch_first": True, "norm_first": True}
    theirs = Encoded(nn.TransformerEncoderLayer(WIDTH, HEADS, **options)).eval()
    block = ours.layer
    parts = [block.attention.project, block.attention.mix, block.hidden[0], block.hidden[2], block.norm1, block.norm2]
    values = [value for part in (*parts, ours.head) for value in part.parameters()]
    theirs.load_state_dict(dict(zip(theirs.state_dict(), values, strict=True)))
    return ours.to(dtype), theirs.to(dtype)


@pytest.mark.parametrize("method", [*FAMILY, AttnLRP(1e-9)], ids=repr)
def test_torchs_layer_of_a_transformer_has_the_map_of_ours(method):
    if isinstance(method, DeepTaylor):
        with pytest.raises(Unsupported, match="the image is read by"):
            method(encoded()[0], images(), 1)
        return
    ours, theirs = (map_of(method, model, images(), 1) for model in encoded())
    assert (ours - theirs).abs().max() < 1e-6 * ours.abs().max()


def test_torchs_attention_with_a_mask_is_refused():
    model = encoded()[1]
    model.layer.forward = lambda x: nn.TransformerEncoderLayer.forward(model.layer, x, torch.zeros(8, 8).double())
    with pytest.raises(Unsupported, match="'multi_head_attention_forward' with attn_mask; run it without"):
        LRP0()(model, images(), 1)


def shares(inputs, outputs):
    """LRP-0 of one product sum_k a_ik b_kj into its two factors, each half: a step back from R of its outputs."""
    a, b = inputs

    def back(relevance):
        ratio = relevance / outputs
        return a * (ratio @ b.mT) / 2, b * (a.mT @ ratio) / 2

    return back


def test_attn_lrp_is_the_propagation_of_its_paper():
    """Relevances, not multipliers, written out one operation after the other (Achtibat et al. 2024, eq. 6, 13, 14)."""
    model, x = attended(), images()
    computed = AttnLRP(1e-9)(model, x, 1).map.reshape(2, TOKENS, WIDTH)
    for row, tokens in enumerate(x.flatten(1).unflatten(1, (TOKENS, WIDTH))):
        parts = {f: getattr(model, f)(tokens).detach() for f in ("query", "key", "value")}
        q, k, v = (part.unflatten(1, (HEADS, 4)).transpose(0, 1) for part in parts.values())
        scores = q @ k.mT / 2
        weights = scores.softmax(-1)
        mixed = weights @ v
        hidden = torch.relu(mixed.transpose(0, 1).flatten(1))
        at_hidden = hidden / TOKENS * model.head.weight[1].detach()
        at_mixed = at_hidden.unflatten(1, (HEADS, 4)).transpose(0, 1)
        at_weights, at_values = shares((weights, v), mixed)(at_mixed)
        at_scores = scores * (at_weights - weights * at_weights.sum(-1, keepdim=True))
        at_queries, at_keys = shares((q, k.mT), q @ k.mT)(at_scores)
        expected = 0
        for layer, relevance in (("query", at_queries), ("key", at_keys.mT), ("value", at_values)):
            ratio = relevance.transpose(0, 1).flatten(1) / parts[layer]
            expected = expected + tokens * (ratio @ getattr(model, layer).weight.detach())
        torch.testing.assert_close(computed[row], expected, rtol=1e-4, atol=1e-6)


def test_the_two_halves_of_a_product_sum_to_it():
    factors = torch.randn(3, 4, dtype=torch.float64), torch.randn(4, 5, dtype=torch.float64)
    relevance = torch.randn(3, 5, dtype=torch.float64)
    halves = shares(factors, factors[0] @ factors[1])(relevance)
    for half in halves:
        torch.testing.assert_close(half.sum(), relevance.sum() / 2)


@pytest.mark.parametrize("name", networks())
def test_without_attention_attn_lrp_is_lrp_epsilon(name):
    found = [method(networks()[name], images(), 1).map for method in (AttnLRP(0.1), LRPEpsilon(0.1))]
    assert torch.equal(*found)


def test_where_queries_decide_attn_lrp_tells_them_and_the_value_path_does_not():
    """All values alike: which token was heard has no part in the score by value, and one by attention."""

    class Chosen(nn.Module):
        def forward(self, x):
            tokens = x.flatten(1).unflatten(1, (TOKENS, WIDTH))
            weights = (tokens[..., :4] @ tokens[..., 4:8].mT).softmax(-1)
            return (weights @ tokens[..., 8:])[:, 0]

    x = images()
    along, through = (method(Chosen(), x, 0).map.reshape(2, TOKENS, WIDTH) for method in (LRP0(), AttnLRP(1e-9)))
    assert along[..., :8].abs().max() == 0 and through[..., :8].abs().max() > 1e-3


REFUSED = {
    "'matmul'": lambda q, k, v: (q @ k.mT) @ v,
    "'add'": lambda q, k, v: v + (q @ k.mT)[..., :4],
    "'mul'": lambda q, k, v: v * (q @ k.mT)[..., :4],
    "'relu'": lambda q, k, v: torch.relu(q @ k.mT) @ v,
    "with attn_mask": lambda q, k, v: F.scaled_dot_product_attention(q, k, v, torch.zeros(8, 8).double()),
    "with is_causal": lambda q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=True),
}


@pytest.mark.parametrize("sentence", REFUSED)
@pytest.mark.parametrize("method", FAMILY, ids=repr)
def test_a_product_of_signals_that_no_softmax_reads_is_refused(method, sentence):
    with pytest.raises(Unsupported, match=sentence):
        method(attended(REFUSED[sentence]), images(), 1)


def test_outputs_that_are_scores_are_refused():
    model = attended(lambda q, k, v: q @ k.mT, lambda net, scores: scores[:, 0, 0])
    with pytest.raises(Unsupported, match="outputs are a product of activations"):
        LRP0()(model, images(), 1)


@pytest.mark.parametrize("method", [m for m in OTHERS if "DeepSHAP" not in repr(m)], ids=repr)
def test_methods_whose_definition_has_no_attention_refuse_it(method):
    for attend, name in ((plainly, "matmul"), (F.scaled_dot_product_attention, "scaled_dot_product_attention")):
        with pytest.raises(Unsupported, match=f"no rule for the operation '{name}'"):
            method(attended(attend), images(), 1)
