"""Notes beside maps: the layer that was read and the gap of completeness, kept by the stage and shown in maps.csv."""

import torch

from bench.checks.method_probe import probes
from bench.contracts import Attribution, Context
from bench.stages import notes
from bench.stages.attribute import ATTRIBUTE
from bench.stages.convergence import Kept
from methods.cam import GradCAM
from methods.gradients import Gradient
from methods.paths import IntegratedGradients

PROBE = probes()[0]


def told(method):
    context = Context()
    return notes.taken(context, Attribution.of(method(PROBE.model(), PROBE.images, PROBE.target, context)))


def test_a_method_tells_its_layer_or_its_gap_or_nothing():
    assert told(GradCAM()) == {"layer": "relus.1: 6 x 4 x 6 x 4"}
    assert told(Gradient()) == {}
    result = IntegratedGradients(steps=2)(PROBE.model(), PROBE.images, PROBE.target)
    share = result.gap.abs() / result.map.abs().flatten(1).sum(1)
    assert told(IntegratedGradients(steps=2)) == {"gap": round(share.max().item(), 6)}
    assert share.max() > 1e-3


def test_an_empty_map_has_a_gap_of_its_own_size():
    empty = Attribution(torch.zeros(1, 1, 2, 2, 2), gap=torch.tensor([0.5]))
    assert notes.taken(Context(), empty) == {"gap": 0.5}


def test_notes_lie_beside_maps_that_have_some(tmp_path):
    maps = Attribution.of(Gradient()(PROBE.model(), PROBE.images, PROBE.target))
    for name, given in (("some", {"layer": "conv: 6 x 4 x 6 x 4"}), ("none", {})):
        (tmp_path / name).mkdir()
        ATTRIBUTE.write(tmp_path / name, Kept(maps, None, given))
        assert notes.read(tmp_path / name) == given
    assert not (tmp_path / "none" / notes.FILE).exists()
