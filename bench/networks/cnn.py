"""Small 3D CNNs: blocks of convolution, batch normalisation, ReLU and pooling, then one pooled vector and a readout."""

from typing import Annotated, ClassVar, Literal

from torch import Tensor, nn

from bench.contracts import Between, Count, bounded
from bench.networks._parts import divisible


@bounded
class PooledCNN(nn.Module):
    """Conv-BN-ReLU blocks with max pooling between them; features are pooled over space and read out linearly.

    in_shape: (D, H, W), divisible by 2^(blocks - 1). outputs: K. width: channels of the first block, doubled each
    block. pool: `mean` (global average pooling, Lin et al. 2014, arXiv:1312.4400) or `max`; the mean and the maximum
    are plain reductions, which are deterministic on every device.
    """

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "Lin, Chen & Yan 2014, arXiv:1312.4400"
    summary: ClassVar[str] = (
        "Convolution blocks, features averaged or maximised over space; a maximum suits lesions that may lie anywhere."
    )

    def __init__(
        self,
        in_shape: tuple[int, int, int],
        outputs: int,
        width: Count = 8,
        blocks: Annotated[int, Between(1, 10)] = 3,
        pool: Literal["mean", "max"] = "mean",
    ) -> None:
        super().__init__()
        divisible(self, in_shape, 2 ** (blocks - 1))
        self.pool = pool
        layers: list[nn.Module] = []
        channels = 1
        for block in range(blocks):
            wider = width * 2**block
            layers += [nn.Conv3d(channels, wider, 3, padding=1, bias=False), nn.BatchNorm3d(wider), nn.ReLU()]
            layers += [nn.MaxPool3d(2)] if block < blocks - 1 else []
            channels = wider
        self.features = nn.Sequential(*layers)
        self.readout = nn.Linear(channels, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 1, D, H, W) -> (N, K)."""
        volume = self.features(x)
        pooled = volume.mean((2, 3, 4)) if self.pool == "mean" else volume.amax((2, 3, 4))
        return self.readout(pooled)
