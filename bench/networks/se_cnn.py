"""A CNN of squeeze-and-excitation blocks: what is in the whole image weighs each channel."""

from typing import ClassVar

import torch
from torch import Tensor, nn

from bench.contracts import Count, bounded
from bench.networks._parts import block, divisible


class Excitation(nn.Module):
    """Channels, each times a sigmoid of what the means of all channels say (Hu et al. 2018, eq. 2 to 4)."""

    def __init__(self, channels: int, inner: int) -> None:
        super().__init__()
        self.gate = nn.Sequential(nn.Linear(channels, inner), nn.ReLU(), nn.Linear(inner, channels))

    def forward(self, x: Tensor) -> Tensor:
        """(N, channels, d, h, w) -> (N, channels, d, h, w)."""
        return x * torch.sigmoid(self.gate(x.mean((2, 3, 4))))[:, :, None, None, None]


@bounded
class SECNN(nn.Module):
    """Three convolution blocks, the first two pooled, each with an excitation; the mean over space; a linear readout.

    in_shape: (D, H, W), divisible by 4. outputs: K. width: channels of the first block, doubled in each of the next
    two. inner: units between the means of channels and their weights.
    """

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "Hu, Shen & Sun 2018, CVPR, arXiv:1709.01507"
    summary: ClassVar[str] = "Convolution blocks whose channels are weighed by the whole image, averaged over space."

    def __init__(self, in_shape: tuple[int, int, int], outputs: int, width: Count = 8, inner: Count = 4) -> None:
        super().__init__()
        divisible(self, in_shape, 4)
        layers: list[nn.Module] = []
        channels = 1
        for number in range(3):
            wider = width * 2**number
            layers += [block(channels, wider, pooled=number < 2), Excitation(wider, inner)]
            channels = wider
        self.features = nn.Sequential(*layers)
        self.readout = nn.Linear(channels, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 1, D, H, W) -> (N, K)."""
        return self.readout(self.features(x).mean((2, 3, 4)))
