import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from bench.checks.method_probe import Plain, SmallLinear, SmallResNet, probes, randomised
from bench.contracts import BadInput, Unsupported
from bench.passes import Passes, cost_of, count_passes, evaluating, explained, forward, gradient, row_of, rows_of
from bench.passes.scores import alike
from methods.occlusion import Occlusion
from methods.paths import IntegratedGradients
from methods.relevance import LRP0

Z = torch.tensor([[1.0, 4.0, 9.0], [2.0, 3.0, 5.0]])


@pytest.mark.parametrize(
    ("target", "expected"),
    [(1, [4, 3]), (np.int64(1), [4, 3]), (torch.tensor(1), [4, 3]), ((2, 0), [8, 3]), ((np.int64(2), 0), [8, 3]),
     (torch.tensor([2, 0]), [9, 2])],
)  # fmt: skip
def test_explained_score(target, expected):
    assert explained(Z, target).tolist() == expected


@pytest.mark.parametrize(
    "target",
    [3, -1, (0, 3), (0, 1, 2), [2, 0], 1.0, None, "1", (0.0, 1), torch.tensor(1.0), np.array([0, 1]),
     torch.tensor([0, 3]), torch.tensor([0]), torch.tensor([0, 1, 0]), torch.tensor([0.0, 1.0])],
    ids=str,
)  # fmt: skip
def test_impossible_targets_are_refused(target):
    with pytest.raises(BadInput, match="target"):
        explained(Z, target)


def test_outputs_must_be_a_table():
    with pytest.raises(BadInput, match="give a network that returns"):
        explained(torch.ones(3), 0)


class Returns(nn.Module):
    def __init__(self, wrap):
        super().__init__()
        self.wrap = wrap

    def forward(self, x):
        return self.wrap(x.flatten(1)[:, :2])


@pytest.mark.parametrize(
    ("wrap", "mend"),
    [(lambda z: (z, z.mean()), r"a tuple, .* as network\(x\)\[0\] does"),
     (lambda z: {"logits": z}, r"a dict, .* as network\(x\)\['logits'\] does"), (lambda z: None, "a NoneType")],
)  # fmt: skip
def test_outputs_that_are_no_tensor_are_refused_with_the_way_out(wrap, mend):
    images = probes()[0].images
    for run in (forward, lambda net, x: gradient(net, x, 1), LRP0(), Occlusion(8, 8)):
        given = (Returns(wrap), images, *(() if run is forward or not hasattr(run, "tags") else (1,)))
        with pytest.raises(BadInput, match=mend):
            run(*given)


def test_images_have_one_channel():
    for shape in ((2, 2, 8, 12, 8), (2, 8, 12, 8)):
        for run in (forward, lambda net, x: gradient(net, x, 1)):
            with pytest.raises(BadInput, match="one channel"):
                run(SmallLinear(), torch.ones(shape))


def test_a_batch_norm_without_running_statistics_is_refused():
    model = nn.Sequential(nn.Conv3d(1, 2, 3), nn.BatchNorm3d(2, track_running_stats=False), nn.Flatten())
    for run in (forward, lambda net, x: gradient(net, x, 1)):
        with pytest.raises(Unsupported, match="batch norm '1' keeps no running statistics"):
            run(model, probes()[0].images)


def test_targets_of_rows():
    classes, images = torch.tensor([2, 0, 1]), torch.empty(3, 1, 2, 2, 2)
    assert rows_of(classes, torch.tensor([1, 1]), images).tolist() == [0, 0]
    assert rows_of((1, 0), torch.tensor([1]), images) == (1, 0)
    assert row_of(classes, 2, images) == 1
    assert row_of((1, 0), 2, images) == (1, 0)


@pytest.mark.parametrize("target", [torch.tensor([0, 1]), torch.tensor([0, 1, 1, 0]), torch.tensor([0.0, 1.0, 1.5])])
def test_a_target_of_rows_is_one_class_an_image(target):
    """Rows are chosen a chunk at a time, so that a target of another length would pass."""
    images = torch.empty(3, 1, 2, 2, 2)
    for choose in (lambda: rows_of(target, torch.tensor([0, 1]), images), lambda: row_of(target, 0, images)):
        with pytest.raises(BadInput, match=r"whole numbers of shape \(3,\)"):
            choose()


def test_a_row_has_the_same_bytes_in_every_batch():
    """Also on a real grid, where a last bit could flip a ReLU."""
    model = randomised(Plain(), 3)
    images = torch.randn(5, 1, 24, 32, 24, generator=torch.Generator().manual_seed(1))
    outputs, slopes = forward(model, images), gradient(model, images, (1, 0))
    for rows in ([0], [4, 2], [1, 0, 3]):
        assert torch.equal(forward(model, images[rows]), outputs[rows])
        assert torch.equal(gradient(model, images[rows], (1, 0)), slopes[rows])
    assert torch.equal(forward(model, images, batch=2), outputs)


def test_forward_equals_the_plain_call_and_gradient_the_differences():
    model = randomised(SmallResNet(), 4).double()
    images = torch.randn(2, 1, 8, 12, 8, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    torch.testing.assert_close(forward(model, images), model(images).detach())
    slope = gradient(model, images, (1, 0))
    for voxel in [(0, 0, 0, 0, 0), (1, 0, 4, 6, 3), (1, 0, 7, 11, 7)]:
        step = torch.zeros_like(images)
        step[voxel] = 1e-6
        rise = explained(forward(model, images + step) - forward(model, images - step), (1, 0)).sum() / 2e-6
        assert slope[voxel].item() == pytest.approx(rise.item(), rel=1e-5, abs=1e-8)


def test_evaluating_restores_each_flag_after_an_error():
    model = nn.Sequential(nn.Dropout(), nn.BatchNorm3d(1)).train()
    model[1].eval()
    with pytest.raises(RuntimeError), evaluating(model):
        assert not any(module.training for module in model.modules())
        raise RuntimeError
    assert [module.training for module in model.modules()] == [True, True, False]


def test_a_detached_score_is_unsupported_not_zero():
    class Detached(SmallLinear):
        def forward(self, x):
            return super().forward(x.detach())

    for model in (Detached(), Detached().requires_grad_(False)):
        with pytest.raises(Unsupported, match="no gradient"):
            gradient(model, probes()[0].images, 0)


def test_no_images_are_refused():
    with pytest.raises(BadInput, match="no images"):
        forward(SmallLinear(), torch.empty(0, 1, 8, 12, 8))


def test_counting_and_declared_costs():
    model, images = randomised(Plain(), 0), probes()[0].images
    with count_passes(model) as passes:
        gradient(model, images, 0)
        forward(model, images)
    assert passes == Passes(forward=6, backward=3)
    forward(model, images)
    assert passes == Passes(forward=6, backward=3)
    assert cost_of(IntegratedGradients(steps=7), (4, 4, 4)) == Passes(forward=9, backward=7)
    assert cost_of(Occlusion(window=6, stride=4), (24, 32, 24)) == Passes(forward=1 + 6 * 8 * 6, backward=0)


@pytest.mark.parametrize("formula", ["().__class__", "forward if D else 1", "forward / 2", "__import__('os')", "1.5"])
def test_a_cost_that_is_no_formula_is_refused(formula):
    method = SimpleNamespace(tags=SimpleNamespace(cost=formula))
    with pytest.raises(BadInput, match="cost"):
        cost_of(method, (4, 4, 4))


def test_outputs_agree_within_rounding_of_the_largest_that_is_finite():
    plain = torch.tensor([[1e3, 1.0], [math.inf, math.nan]])
    assert alike(plain + torch.tensor([[0, 1e-4], [0, 0]]), plain) and alike(plain * math.nan, plain * math.nan)
    for place, other in (((0, 1), 2.0), ((1, 0), -math.inf), ((1, 1), 0.0)):
        changed = plain.clone()
        changed[place] = other
        assert not alike(changed, plain)
