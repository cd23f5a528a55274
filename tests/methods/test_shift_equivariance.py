"""A network that finds the same thing wherever it lies has maps that move with it, away from borders."""

import pytest
import torch

from bench.checks.method_probe import Plain, SmallResNet, randomised
from bench.contracts import Attribution
from methods.cam import GradCAM, HiResCAM, LayerCAM
from methods.cam_effect import AblationCAM
from methods.deeplift import DeepLIFT
from methods.gradients import Gradient, GradientXInput
from methods.guided import GuidedBackprop
from methods.occlusion import Occlusion
from methods.paths import IntegratedGradients
from methods.relevance import LRPEpsilon
from methods.relevance_signed import LRPAlphaBeta
from methods.relevance_supporting import DeepTaylor, ExcitationBackprop

METHODS = [
    Gradient(), GradientXInput(), IntegratedGradients(4), DeepLIFT(), GuidedBackprop(), LRPEpsilon(), LRPAlphaBeta(),
    DeepTaylor(), ExcitationBackprop(), GradCAM(), HiResCAM(), LayerCAM(), AblationCAM(channels=6), Occlusion(8, 4),
]  # fmt: skip
#: a multiple of all strides of the networks and of the boxes
STEP = 8
SHAPE = (16, 48, 16)


def seen(start):
    """A patch of noise from `start` along the second axis of an empty image."""
    image = torch.zeros(2, 1, *SHAPE, dtype=torch.float64)
    noise = torch.randn(2, 1, 6, 6, 6, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    image[..., 5:11, start : start + 6, 5:11] = noise
    return image


@pytest.mark.parametrize("network", [Plain, SmallResNet])
@pytest.mark.parametrize("method", METHODS, ids=repr)
def test_the_map_moves_with_what_is_seen(method, network):
    model = randomised(network(), 0).double()
    maps = [Attribution.of(method(model, seen(start), (1, 0))).map for start in (17, 17 + STEP)]
    here, there = (m[..., start - 4 : start + 10, :] for m, start in zip(maps, (17, 17 + STEP), strict=True))
    torch.testing.assert_close(here, there, rtol=1e-7, atol=1e-10)
    assert here.std() > 0
