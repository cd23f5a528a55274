"""A network that cannot tell left from right has maps that flip with the image: no method may lean to a side.

Every method of `conf/method` whose map is certain is tried as it is configured, and those below besides. Soft maps, of
the CAM family and of masks on a grid, are thereby enlarged alike on either side.
"""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hydra.utils import instantiate
from omegaconf import OmegaConf
from torch import nn

from bench.checks.method_probe import probes
from bench.contracts import Attribution
from methods.kernel_shap import KernelSHAP
from methods.lime import LIME
from methods.occlusion import Occlusion
from methods.relevance_supporting import DeepTaylor
from methods.rise import RISE
from methods.shapley import Shapley

#: passes back through inactive units, and where a whole pooling window is inactive the switch of its maximum is
#: arbitrary, by definition; the library implementation, which ours equals, does the same
LEANS = {"deconvnet"}
#: no grid of boxes of an odd edge, an even stride apart, can be centred on an even number of voxels: as configured it
#: leans by half a voxel, and is tried below with boxes that can be centred
LEANS |= {"occlusion"}
FILES = sorted((Path(__file__).parents[2] / "conf" / "method").glob("*.yaml"))
CONFIGURED = {path.stem: instantiate(OmegaConf.load(path)) for path in FILES if path.stem not in LEANS}
METHODS = {name: method for name, method in CONFIGURED.items() if not method.tags.stochastic} | {
    repr(method): method
    for method in (
        Occlusion(), Occlusion(6, 4, "blur"), Occlusion(2, 2, "mean"), DeepTaylor("box"), RISE(16), Shapley(),
        KernelSHAP(), LIME()
    )
}  # fmt: skip
PROBE = probes()[0]


def told(method, turn):
    """The context of the images, turned as they are."""
    known = PROBE.context(method)
    training = known.training()
    return replace(
        known,
        domain=turn(known.domain),
        regions=known.regions if known.regions is None else turn(known.regions),
        truths={name: replace(truth, volume=turn(truth.volume)) for name, truth in known.truths.items()},
        training=lambda: replace(training, images=turn(training.images).double()),
        redraws=lambda subject: turn(PROBE.redrawn(subject)),
        redraw_mean=lambda subject: turn(PROBE.redrawn(subject).double().mean(0, keepdim=True))[0],
    )


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("axis", [2, *(pytest.param(axis, marks=pytest.mark.full) for axis in (3, 4))])
def test_the_map_flips_with_the_image(name, axis):
    x, method = PROBE.images.double(), METHODS[name]
    model = probes(method)[0].model().double()
    with torch.no_grad():
        for conv in (part for part in model.modules() if isinstance(part, nn.Conv3d)):
            conv.weight.copy_((conv.weight + conv.weight.flip(axis)) / 2)
    maps = []
    for turn in (lambda volume: volume, lambda volume: volume.flip(axis)):
        maps.append(turn(Attribution.of(method(model, turn(x), (1, 0), told(method, turn))).map))
    torch.testing.assert_close(maps[1], maps[0], rtol=1e-7, atol=1e-10)
