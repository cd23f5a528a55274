"""Every method of `conf/method` beyond the checks of its contract: laws of its family, sizes, scores."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hydra.utils import instantiate
from omegaconf import OmegaConf
from torch import nn

from bench.checks.method_probe import Plain, probes, randomised
from bench.checks.visits import seen_twice
from bench.contracts import Attribution, Batch

FILES = sorted((Path(__file__).parents[2] / "conf" / "method").glob("*.yaml"))
METHODS = {path.stem: instantiate(OmegaConf.load(path)) for path in FILES}
READERS = [name for name, method in METHODS.items() if method.tags.reads_model]
PROBE = probes()[0]

#: what every method of a family must claim, whatever else it does
OF_FAMILY = {
    "gradient": {"shift", "implementation"},
    "path": {"scale", "sign", "shift", "implementation"},
    "cam": {"shift", "implementation"},
    "guided": {"shift", "implementation", "refusal"},
    "relevance": {"implementation", "refusal"},
    "pattern": {"implementation", "refusal"},
    "perturbation": {"shift"},
    "surrogate": {"scale", "sign", "shift", "implementation"},
    "intrinsic": {"implementation"},
    "attention": {"shift", "implementation"},
}
#: what a family's maps must keep, by what they mean
OF_QUANTITY = {
    ("gradient", "sensitivity"): {"linear", "scale", "sign"},
    ("gradient", "contribution"): {"linear", "scale", "sign"},
    ("guided", "sensitivity"): {"linear", "scale"},
    ("path", "contribution"): {"linear", "completeness"},
}


def network(method):
    """The class of a network that the method reads."""
    return probes(method)[0].network


@pytest.mark.parametrize("name", READERS)
def test_it_claims_the_laws_of_its_family(name):
    tags = METHODS[name].tags
    required = OF_FAMILY[tags.family] | OF_QUANTITY.get((tags.family, tags.quantity), set())
    assert required <= tags.laws, f"{name} does not claim {sorted(required - tags.laws)}"


def told(method, shape):
    """Two images of a shape, and what the method is told of them."""
    draw = torch.Generator().manual_seed(9)
    images, truth, training = (torch.randn(n, 1, *shape, generator=draw) + 0.5 for n in (2, 2, 6))
    probe = replace(PROBE, images=images, truth=truth)
    batch = Batch(training, torch.arange(6) % 2, torch.arange(6), visit=seen_twice)
    return images, replace(probe.context(method), training=lambda: batch)


@pytest.mark.parametrize("name", METHODS)
def test_odd_sizes_and_a_network_of_one_output_are_no_matter(name):
    images, context = told(METHODS[name], (9, 15, 11))
    found = Attribution.of(METHODS[name](randomised(network(METHODS[name])(classes=1), 0), images, 0, context)).map
    assert found.shape == images.shape and found.isfinite().all()
    assert name == "constant" or (found.std((1, 2, 3, 4)) > 0).all()


@pytest.mark.parametrize("size", [1e-6, pytest.param(1e6, marks=pytest.mark.full)])
@pytest.mark.parametrize("name", READERS)
def test_maps_of_tiny_and_huge_scores_are_finite(name, size):
    model = randomised(network(METHODS[name])(), 0)
    with torch.no_grad():
        for parameter in model.head.parameters():
            parameter *= size
    found = Attribution.of(METHODS[name](model, PROBE.images, (1, 0), PROBE.context(METHODS[name]))).map
    assert found.isfinite().all()


@pytest.mark.parametrize("name", METHODS)
def test_double_images_give_double_maps(name):
    method = METHODS[name]
    model, images = randomised(network(method)(), 0).double(), PROBE.images.double()
    found = Attribution.of(method(model, images, (1, 0), PROBE.context(method)))
    assert {part.dtype for part in found if part is not None} == {torch.float64}


def test_methods_that_keep_things_for_a_model_do_not_meet_each_others():
    model, shared = PROBE.model(), {}
    keeping = [method for method in METHODS.values() if "training" in method.tags.needs]
    assert len(keeping) > 5
    for method in keeping:
        context = PROBE.context(method)
        alone, among = (
            Attribution.of(method(model, PROBE.images, (1, 0), replace(context, _memo=memo))).map
            for memo in ({}, shared)
        )
        assert torch.equal(alone, among)


class Sum(nn.Module):
    """The outputs of two networks, added."""

    def __init__(self, *parts):
        super().__init__()
        self.parts = nn.ModuleList(parts)

    def forward(self, x):
        return self.parts[0](x) + self.parts[1](x)


#: the map of a sum of scores is the sum of the maps
ADDITIVE = [
    "gradient", "gradient_x_input", "smoothgrad", "integrated_gradients", "expected_gradients", "deeplift", "deep_shap",
    "deeplift_reveal_cancel", "lrp_0", "occlusion", "region_occlusion", "redraw_occlusion", "swap_test",
    "twin_occlusion", "rise", "lime", "kernel_shap", "shapley", "guided_backprop",
]  # fmt: skip


@pytest.mark.parametrize("name", ADDITIVE)
def test_the_map_of_a_sum_is_the_sum_of_the_maps(name):
    method, parts = METHODS[name], [randomised(Plain(), seed).double() for seed in (0, 1)]
    x, context = PROBE.images.double(), PROBE.context(METHODS[name])

    def mapped(model):
        return Attribution.of(method(model, x, (1, 0), replace(context, _memo={}))).map

    together = mapped(Sum(*parts))
    error = (together - mapped(parts[0]) - mapped(parts[1])).abs().max() / together.abs().max()
    # region games and RISE gather their scores in float32
    assert error < 1e-5


@pytest.mark.parametrize("name", ["smoothgrad_squared", "vargrad", "optimised_mask", "layercam"])
def test_squares_masks_and_rectified_maps_are_not_additive(name):
    method, parts = METHODS[name], [randomised(Plain(), seed).double() for seed in (0, 1)]
    maps = [Attribution.of(method(model, PROBE.images.double(), (1, 0))).map for model in (Sum(*parts), *parts)]
    assert not torch.allclose(maps[0], maps[1] + maps[2], rtol=0.05)
