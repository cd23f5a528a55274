"""A CNN with group norm, SiLU and strided convolutions, as segmentation frameworks build them."""

from itertools import pairwise
from typing import Annotated, ClassVar

from torch import Tensor, nn

from bench.contracts import AtLeast, Count, bounded, impossible
from bench.networks._parts import divisible


@bounded
class GroupNormCNN(nn.Module):
    """Stages of two convolutions, each with group norm and SiLU, the first of stride 2; the mean over space.

    Norms are by each image's own mean and spread: no image depends on those it was trained with.

    in_shape: (D, H, W), divisible by 2^len(widths). outputs: K. widths: channels of the stages, divisible by `groups`.
    groups: of channels that are normed together.
    """

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = (
        "Wu & He 2018, ECCV, arXiv:1803.08494 (group norm); Isensee et al. 2021, Nature Methods 18:203 (strided stages)"
    )
    summary: ClassVar[str] = "Strided convolution stages with group norm and SiLU, features averaged over space."

    def __init__(
        self,
        in_shape: tuple[int, int, int],
        outputs: int,
        widths: Annotated[tuple[int, ...], AtLeast(1)] = (16, 32),
        groups: Count = 4,
    ) -> None:
        super().__init__()
        divisible(self, in_shape, 2 ** len(widths))
        if any(width % groups for width in widths):
            raise impossible(self, "groups", groups, f"a number that divides each of widths={list(widths)}")
        stages = [_stage(a, b, groups) for a, b in pairwise((1, *widths))]
        self.features = nn.Sequential(*stages)
        self.readout = nn.Linear(widths[-1], outputs)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 1, D, H, W) -> (N, K)."""
        return self.readout(self.features(x).mean((2, 3, 4)))


def _stage(channels: int, wider: int, groups: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for read, stride in ((channels, 2), (wider, 1)):
        layers += [nn.Conv3d(read, wider, 3, stride, padding=1), nn.GroupNorm(groups, wider), nn.SiLU()]
    return nn.Sequential(*layers)
