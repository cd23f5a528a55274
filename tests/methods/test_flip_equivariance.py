"""A network that cannot tell left from right has maps that flip with the image: no method may lean to a side.

DeconvNet is the exception, by definition: it passes back through inactive units, and where a whole pooling window is
inactive the switch of its maximum is arbitrary. The library implementation, which ours equals, does the same.
"""

import pytest
import torch

from bench.checks.method_probe import Plain, probes, randomised
from bench.contracts import Attribution
from methods.cam import GradCAM
from methods.controls import Sobel
from methods.deeplift import DeepLIFT
from methods.gradients import Gradient, GradientXInput
from methods.guided import GuidedBackprop
from methods.kernel_shap import KernelSHAP
from methods.lime import LIME
from methods.occlusion import Occlusion
from methods.paths import IntegratedGradients
from methods.region_occlusion import RegionOcclusion
from methods.relevance import LRP0, LRPEpsilon
from methods.relevance_signed import LRPAlphaBeta, LRPGamma
from methods.relevance_supporting import DeepTaylor, ExcitationBackprop
from methods.rise import RISE
from methods.shapley import Shapley

METHODS = [
    Gradient(), GradientXInput(), IntegratedGradients(steps=4), GradCAM(), Occlusion(6, 4), Occlusion(6, 4, "blur"),
    Occlusion(2, 2, "mean"), GuidedBackprop(), LRP0(), LRPEpsilon(), Sobel(),
    DeepLIFT(), LRPAlphaBeta(), LRPGamma(), DeepTaylor(), DeepTaylor("box"), ExcitationBackprop(),
    RISE(16), RegionOcclusion(), Shapley(), KernelSHAP(), LIME(),
]  # fmt: skip


@pytest.mark.parametrize("method", METHODS, ids=repr)
@pytest.mark.parametrize("axis", [2, 3, 4])
def test_the_map_flips_with_the_image(method, axis):
    model, x = randomised(Plain(), 0).double(), probes()[0].images.double()
    with torch.no_grad():
        for conv in (model.conv1, model.conv2):
            conv.weight.copy_((conv.weight + conv.weight.flip(axis)) / 2)
    upright, flipped = (Attribution.of(method(model, image, (1, 0))).map for image in (x, x.flip(axis)))
    torch.testing.assert_close(flipped, upright.flip(axis), rtol=1e-7, atol=1e-10)
