"""A simple fully convolutional network: pooled convolution blocks, a 1x1x1 block, the mean, dropout, a readout."""

from itertools import pairwise
from typing import Annotated, ClassVar

from torch import Tensor, nn

from bench.contracts import AtLeast, Between, Count, bounded
from bench.networks._parts import block, divisible


@bounded
class SFCN(nn.Module):
    """Every 3x3x3 block halves the grid; a 1x1x1 block then mixes channels, and features are averaged over space.

    in_shape: (D, H, W), divisible by 2^len(widths). outputs: K. widths: channels of the pooled blocks (published: 32,
    64, 128, 256, 256, on grids of 160 x 192 x 160). mixed: channels of the 1x1x1 block (published: 64). dropout:
    probability at the averaged features.
    """

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "Peng et al. 2021, Medical Image Analysis 68:101871"
    summary: ClassVar[str] = "Pooled convolution blocks, a 1x1x1 block, the mean over space, dropout."

    def __init__(
        self,
        in_shape: tuple[int, int, int],
        outputs: int,
        widths: Annotated[tuple[int, ...], AtLeast(1)] = (8, 16, 32),
        mixed: Count = 32,
        dropout: Annotated[float, Between(0, 1, "high")] = 0.5,
    ) -> None:
        super().__init__()
        divisible(self, in_shape, 2 ** len(widths))
        self.features = nn.Sequential(*(block(a, b, pooled=True) for a, b in pairwise((1, *widths))))
        self.mix = nn.Sequential(nn.Conv3d(widths[-1], mixed, 1, bias=False), nn.BatchNorm3d(mixed), nn.ReLU())
        self.dropout = nn.Dropout(dropout)
        self.readout = nn.Linear(mixed, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 1, D, H, W) -> (N, K)."""
        return self.readout(self.dropout(self.mix(self.features(x)).mean((2, 3, 4))))
