"""The interception engine: operations it sees, and those it refuses."""

from itertools import count

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from bench.checks.method_probe import Plain, probes, randomised
from bench.contracts import Unsupported
from bench.passes import gradient
from methods._rules import guided, intercepted
from methods.deeplift import DeepLIFT
from methods.patterns import PatternNet
from methods.relevance import LRP0, LRPEpsilon
from methods.relevance_signed import LRPZPlus
from methods.relevance_supporting import DeepTaylor

IMAGES = probes()[0].images.double()


class Net(nn.Module):
    """A network whose middle is the given function of (N, 3, D, H, W)."""

    def __init__(self, middle):
        super().__init__()
        self.conv, self.head, self.middle = nn.Conv3d(1, 3, 3, padding=1), nn.Linear(3, 2), middle

    def forward(self, x):
        return self.head(self.middle(self.conv(x)).mean((2, 3, 4)))


def net(middle):
    return randomised(Net(middle), 0).double()


def by_rules(model, rules=None):
    return gradient(model, IMAGES, (1, 0), intercepted(model, rules or {}))


def in_place(x):
    x *= 2
    x += 1
    x.sub_(0.5).clamp_(min=0)
    F.relu(x, inplace=True)
    return x


def written_through_a_view(x):
    flat = x.flatten(2)
    flat.relu_()
    return flat.reshape(x.shape)


KNOWN = {
    "arithmetic": lambda x: (1 - x) / 2 + 3 * x - x.neg(),
    "relus": lambda x: torch.relu(x) + F.relu(-x) + x.clamp(min=0) + x.clamp_min(0) + nn.ReLU(inplace=True)(x + 1),
    "in place": in_place,
    "through a view": written_through_a_view,
    "pools": lambda x: F.max_pool3d(x, 2) + F.avg_pool3d(x, 2) + F.adaptive_max_pool3d(x, (4, 6, 4)),
    "moves": lambda x: torch.cat([*x.permute(0, 2, 3, 4, 1).chunk(2, 1)], 1).permute(0, 4, 1, 2, 3)[:, :, 1:],
    "resizing": lambda x: F.interpolate(F.pad(x, (1, 1) * 3, mode="replicate"), scale_factor=2, mode="trilinear"),
    "a constant": lambda x: (
        torch.ones_like(x[:1, :1]).detach().new_ones(1) * x if False else x * torch.ones(1).double()
    ),
    "queries": lambda x: x.view(x.shape[0], x.size(1), *x.shape[2:]) if x.dim() == 5 and len(x) else x,
}


@pytest.mark.parametrize("name", KNOWN)
def test_without_rules_the_derivative_is_autograds(name):
    """So nothing the engine does beside (in-place, aliases) changes the function."""
    model = net(KNOWN[name])
    torch.testing.assert_close(by_rules(model), gradient(model, IMAGES, (1, 0)), rtol=1e-10, atol=1e-13)


REFUSED = {
    "sigmoid": torch.sigmoid,
    "leaky_relu": lambda x: F.leaky_relu(x, 0.1),
    "leaky_relu inplace": lambda x: F.leaky_relu(x, 0.1, inplace=True),
    "mul": lambda x: x * x.mean(1, keepdim=True),
    "mul ": lambda x: x * x,
    "div": lambda x: 1 / x,
    "div ": lambda x: 1 / (2 + x),
    "clamp": lambda x: x.clamp(min=0, max=1),
    "instance_norm": F.instance_norm,
    "group_norm": lambda x: F.group_norm(x, 3),
    "gelu": F.gelu,
    "matmul": lambda x: x @ x.mT,
    "bmm": lambda x: torch.bmm(x.flatten(0, 2), x.flatten(0, 2).mT).unflatten(0, x.shape[:3]),
    "scaled_dot_product_attention": lambda x: F.scaled_dot_product_attention(x, x, x),
    "batch_norm": lambda x: F.batch_norm(x, None, None, training=True),
    "dropout": F.dropout,
    "softmax": lambda x: x.softmax(1),
    "__setitem__": lambda x: x.__setitem__((slice(None), 0), 0.0) or x,
    ".data": lambda x: x.data,
    "detach": lambda x: x.detach() + x,
    "conv3d": lambda x: F.conv3d(x[:1], x[:, :, :2, :2, :2]),
}


@pytest.mark.parametrize("name", REFUSED)
def test_an_operation_without_a_rule_is_refused_by_name(name):
    with pytest.raises(Unsupported, match=f"'{name.split()[0]}'"):
        by_rules(net(REFUSED[name]))


def test_memory_written_behind_a_view_is_refused():
    def middle(x):
        before = x.flatten(2)
        x.relu_()
        return before.reshape(x.shape)

    with pytest.raises(Unsupported, match="view of a tensor that was written in place"):
        by_rules(net(middle), {"relu": guided})


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::torch.jit.TracerWarning")
def test_compiled_networks_and_parts_are_refused():
    inner = randomised(Plain(), 0).double()
    traced = torch.jit.trace(inner, IMAGES)
    for hidden in (traced, nn.Sequential(traced), torch.compile(inner, backend="eager")):
        with pytest.raises(Unsupported, match="compiled"):
            by_rules(hidden)


class StraightThrough(torch.autograd.Function):
    """A ReLU with a backward pass of its own, which rules would never meet."""

    @staticmethod
    def forward(ctx, x):
        return x.relu()

    @staticmethod
    def backward(ctx, slope):
        return slope


def without_gradients(x):
    with torch.no_grad():
        return x.relu()


@pytest.mark.parametrize("hidden", [StraightThrough.apply, without_gradients])
def test_operations_with_another_backward_pass_or_none_are_refused(hidden):
    with pytest.raises(Unsupported, match="'relu' runs without gradients"):
        by_rules(net(hidden), {"relu": guided})


class Subclass(torch.Tensor):
    pass


@torch.jit.script
def swish(x):
    return x * torch.sigmoid(x)


def reads_a_parameter_made_new(net):
    """Weights that are computed of parameters descend from no image."""
    weight = net.conv.weight * 2 / net.conv.weight.norm()
    return lambda x: F.conv3d(x.mean(1, keepdim=True), weight, padding=1)


def test_weights_that_are_computed_of_parameters_are_followed():
    model = net(None)
    model.middle = reads_a_parameter_made_new(model)
    torch.testing.assert_close(by_rules(model), gradient(model, IMAGES, (1, 0)), rtol=1e-10, atol=1e-13)
    torch.nn.utils.parametrizations.weight_norm(model.conv)
    model.middle = torch.relu
    torch.testing.assert_close(by_rules(model), gradient(model, IMAGES, (1, 0)), rtol=1e-10, atol=1e-13)


def pasted(write):
    """A block of ReLUs put into a buffer of zeros."""

    def middle(x):
        canvas = torch.zeros(x.shape, dtype=x.dtype)
        write(canvas, torch.relu(x)[:, :, 1:4])
        return x + canvas

    return middle


def seen_before(x):
    canvas = torch.zeros(x.shape, dtype=x.dtype)
    flat = canvas.view(-1)
    canvas.add_(x.relu())
    return x + flat.view(x.shape)


SKIPPED = {
    "a script": (lambda x: x + swish(x), "out of sight"),
    "a script read again": (lambda x: x + torch.relu(swish(x) - 1), "out of sight"),
    "vmap": (lambda x: x + torch.vmap(F.silu)(x), "out of sight"),
    "a subclass": (lambda x: x + F.silu(x.as_subclass(Subclass)), "out of sight"),
    "a block of a buffer": (pasted(lambda c, part: c[:, :, 1:4].add_(part)), "written in place"),
    "a narrowed buffer": (pasted(lambda c, part: c.narrow(2, 1, 3).add_(part)), "written in place"),
    "an older view of a buffer": (seen_before, "written in place"),
    "checkpoint": (lambda x: checkpoint(torch.relu, x, use_reentrant=False), "checkpoint"),
    "reentrant checkpoint": (lambda x: checkpoint(torch.relu, x, use_reentrant=True), "checkpoint"),
}


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
@pytest.mark.parametrize("name", SKIPPED)
@pytest.mark.parametrize("method", [LRP0(), LRPEpsilon(), LRPZPlus(), DeepTaylor(), DeepLIFT(), PatternNet()], ids=repr)
def test_a_branch_out_of_sight_is_refused(method, name):
    """It used to be lost: the map was that of another network."""
    middle, why = SKIPPED[name]
    with pytest.raises(Unsupported, match=why):
        method(net(middle), IMAGES, (1, 0))


def test_a_whole_buffer_may_be_written():
    model = net(pasted(lambda canvas, part: canvas.add_(F.pad(part, (0, 0, 0, 0, 1, 4)))))
    torch.testing.assert_close(by_rules(model), gradient(model, IMAGES, (1, 0)), rtol=1e-10, atol=1e-13)


def test_a_pass_that_gives_other_outputs_when_it_is_followed_is_refused():
    passes = count()
    with pytest.raises(Unsupported, match="other outputs than it gives alone"):
        by_rules(net(lambda x: x * (1 + next(passes))))


def test_a_network_that_computes_out_of_sight_is_refused():
    model = nn.Module()
    model.forward = lambda x: torch.ones(len(x), 2)
    with pytest.raises(Unsupported, match="no operation between image and outputs"):
        by_rules(model)
