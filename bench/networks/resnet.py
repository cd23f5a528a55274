"""Residual networks: blocks that add what they compute to what they were given."""

from typing import Annotated, ClassVar

from torch import Tensor, nn
from torch.nn.functional import relu

from bench.contracts import Between, Count, bounded, impossible
from bench.networks._parts import block, divisible

#: how much each of the four stages shrinks the grid; the stem halves it first. As in networks for medical volumes
#: (Chen, Ma & Zheng 2019, arXiv:1904.00625), the last stage keeps the grid, so that small volumes keep some space
STRIDES = (1, 2, 2, 1)


class ResidualBlock(nn.Module):
    """Two 3x3x3 convolutions and the input added; the input is projected where its shape changes."""

    def __init__(self, channels: int, wider: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv3d(channels, wider, 3, stride, padding=1, bias=False)
        self.norm1 = nn.BatchNorm3d(wider)
        self.conv2 = nn.Conv3d(wider, wider, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm3d(wider)
        projection = (nn.Conv3d(channels, wider, 1, stride, bias=False), nn.BatchNorm3d(wider))
        self.shortcut = nn.Sequential(*(() if (channels, stride) == (wider, 1) else projection))

    def forward(self, x: Tensor) -> Tensor:
        """(N, channels, d, h, w) -> (N, wider, d / stride, h / stride, w / stride)."""
        branch = self.norm2(self.conv2(relu(self.norm1(self.conv1(x)))))
        return relu(branch + self.shortcut(x))


@bounded
class ResNet(nn.Module):
    """A convolution and pooling, four stages of residual blocks, the mean over space, a linear readout.

    in_shape: (D, H, W), divisible by 8. outputs: K. width: channels of the first stage, doubled each stage. blocks:
    residual blocks of the four stages; 1, 1, 1, 1 counts ten layers with weights, 2, 2, 2, 2 eighteen.
    """

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "He et al. 2016, CVPR, arXiv:1512.03385; in 3D Hara et al. 2018, arXiv:1711.09577"
    summary: ClassVar[str] = "A stem and four stages of residual blocks, features averaged over space."

    def __init__(
        self,
        in_shape: tuple[int, int, int],
        outputs: int,
        width: Count = 8,
        blocks: Annotated[tuple[int, ...], Between(1, 100)] = (1, 1, 1, 1),
    ) -> None:
        super().__init__()
        divisible(self, in_shape, 8)
        if len(blocks) != len(STRIDES):
            raise impossible(self, "blocks", blocks, "the blocks of four stages")
        self.stem = block(1, width, pooled=True)
        layers: list[nn.Module] = []
        channels = width
        for stage, (count, stride) in enumerate(zip(blocks, STRIDES, strict=True)):
            for number in range(count):
                layers.append(ResidualBlock(channels, width * 2**stage, stride if number == 0 else 1))
                channels = width * 2**stage
        self.stages = nn.Sequential(*layers)
        self.readout = nn.Linear(channels, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 1, D, H, W) -> (N, K)."""
        return self.readout(self.stages(self.stem(x)).mean((2, 3, 4)))
