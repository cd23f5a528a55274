"""Every method on a device that is not the CPU gives the map of the CPU, to the bit, where the images lie."""

import pytest
import torch
from standin import DEVICE, Misplaced
from there import assert_same, names, plugin, ran_there

from bench.checks.method_probe import probes
from bench.contracts import Attribution, Unsupported
from bench.devices.moving import HOME, moved
from bench.passes.forward import forward
from bench.stages.context import answering_on

PROBES = {probe.name: probe for probe in probes()}
#: asked in the full matrix alone, as they take seconds
DEAR = {
    *("occlusion", "redraw_occlusion", "swap_test", "twin_occlusion", "ablation_cam"),
    *("rise", "optimised_mask", "extremal_perturbation", "integrated_gradients_redraw"),
}
#: asked of images in main memory too
QUICK = {"gradient", "grad_cam", "lrp_epsilon", "deeplift", "pattern_net", "kernel_shap"}


def map_of(method, probe, device, place):
    """The attribution by a model on a device, of images that lie in a place, as a stage of a study asks for it."""
    known = answering_on(place, moved(probe.context(method), place))
    model, images = moved(probe.model(), device), moved(probe.images.clone(), place)
    return tuple(part for part in Attribution.of(method(model, images, probe.target, known)) if part is not None)


def cases():
    for name in names("method"):
        for probe in PROBES:
            for place in (DEVICE, HOME):
                quick = probe == "plain" and (name in QUICK or (place == DEVICE and name not in DEAR))
                marks = [] if quick else [pytest.mark.full]
                yield pytest.param(name, probe, place, id=f"{name}-{probe}-images on {place.type}", marks=marks)


@pytest.mark.parametrize(("name", "probe", "place"), list(cases()))
def test_its_map_is_that_of_the_cpu(name, probe, place):
    method, probe = plugin("method", name), PROBES[probe]
    try:
        here = map_of(method, probe, HOME, HOME)
    except Unsupported:
        with pytest.raises(Unsupported):
            ran_there(lambda device: map_of(method, probe, device, place))
        return
    there, places = ran_there(lambda device: map_of(method, probe, device, place))
    assert places == {place}
    assert_same(there, here)


class Noisy:
    """A method that draws its noise wherever torch does by default."""

    def __call__(self, model, inputs, target, context=None):
        return forward(model, inputs + torch.randn(inputs.shape))


class Covering:
    """A method that makes zeros without a device."""

    def __call__(self, model, inputs, target, context=None):
        covered = torch.zeros(inputs.shape[1:])
        return torch.cat([inputs[:1], covered[None]])


class Leaving:
    """A method that hands a tensor to NumPy."""

    def __call__(self, model, inputs, target, context=None):
        return torch.from_numpy(inputs.numpy() ** 2)


@pytest.mark.parametrize(
    ("wrong", "operation"), [(Noisy, "aten.add.Tensor"), (Covering, "aten.cat.default"), (Leaving, "numpy()")]
)
def test_a_method_that_works_in_a_fixed_place_is_named(wrong, operation):
    with pytest.raises(Misplaced) as refusal:
        ran_there(lambda device: wrong()(PROBES["plain"].model(), PROBES["plain"].images.to(device), 0))
    assert operation in str(refusal.value) and refusal.traceback[-1].path.name == "standin.py"
