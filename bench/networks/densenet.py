"""A densely connected network: every layer is given what all layers before it in its block made."""

from typing import Annotated, ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool3d, relu

from bench.contracts import Between, Count, bounded
from bench.networks._parts import block, divisible


class Dense(nn.Module):
    """Normalisation and ReLU before each convolution, 1x1x1 to 4 x growth, then 3x3x3; appended to the input."""

    def __init__(self, channels: int, growth: int) -> None:
        super().__init__()
        self.norm1, self.conv1 = nn.BatchNorm3d(channels), nn.Conv3d(channels, 4 * growth, 1, bias=False)
        self.norm2 = nn.BatchNorm3d(4 * growth)
        self.conv2 = nn.Conv3d(4 * growth, growth, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(N, channels, d, h, w) -> (N, channels + growth, d, h, w)."""
        return torch.cat([x, self.conv2(relu(self.norm2(self.conv1(relu(self.norm1(x))))))], 1)


class Transition(nn.Module):
    """Half the channels on half the grid."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm, self.conv = nn.BatchNorm3d(channels), nn.Conv3d(channels, channels // 2, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(N, channels, d, h, w) -> (N, channels // 2, d / 2, h / 2, w / 2)."""
        # averaging commutes with a 1x1x1 convolution, which then has an eighth of the work
        return self.conv(avg_pool3d(relu(self.norm(x)), 2))


@bounded
class DenseNet(nn.Module):
    """A convolution and pooling, dense blocks with transitions between them, the mean over space, a linear readout.

    in_shape: (D, H, W), divisible by 2^len(blocks). outputs: K. growth: channels a layer adds; the stem makes twice as
    many. blocks: layers of each dense block.
    """

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "Huang et al. 2017, CVPR, arXiv:1608.06993 (DenseNet-BC)"
    summary: ClassVar[str] = "Three dense blocks, whose layers are each given all before them."

    def __init__(
        self,
        in_shape: tuple[int, int, int],
        outputs: int,
        growth: Count = 6,
        blocks: Annotated[tuple[int, ...], Between(1, 100)] = (2, 2, 2),
    ) -> None:
        super().__init__()
        divisible(self, in_shape, 2 ** len(blocks))
        channels = 2 * growth
        self.stem = block(1, channels, pooled=True)
        layers: list[nn.Module] = []
        for number, count in enumerate(blocks):
            if number:
                layers.append(Transition(channels))
                channels //= 2
            layers += [Dense(channels + i * growth, growth) for i in range(count)]
            channels += count * growth
        self.blocks = nn.Sequential(*layers)
        self.norm = nn.BatchNorm3d(channels)
        self.readout = nn.Linear(channels, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 1, D, H, W) -> (N, K)."""
        return self.readout(relu(self.norm(self.blocks(self.stem(x)))).mean((2, 3, 4)))
