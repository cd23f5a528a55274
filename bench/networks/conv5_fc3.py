"""Convolution blocks and a fully connected head on the flattened features: every place has weights of its own."""

from itertools import pairwise
from math import prod
from typing import Annotated, ClassVar

from torch import Tensor, nn

from bench.contracts import AtLeast, Between, bounded, impossible
from bench.networks._parts import block, divisible


@bounded
class ConvFC(nn.Module):
    """Convolution blocks, dropout, then linear layers with normalised ReLUs between; with the defaults five and three.

    The published network does not normalise linear layers and drops half of the features. At this size, that ends with
    units that are zero for every image, and the same output for all.

    in_shape: (D, H, W), divisible by 2^pooled. outputs: K. widths: channels of each block. pooled: how many blocks,
    from the first, end in max pooling; the published network pools after all five, on grids of 169 x 208 x 179.
    hidden: units of each linear layer before the last. dropout: probability at the flattened features.
    """

    version: ClassVar[str] = "2"
    reference: ClassVar[str] = "Wen et al. 2020, Medical Image Analysis 63:101694"
    summary: ClassVar[str] = (
        "Convolution blocks, dropout, linear layers on the flattened features: every place has its own weights."
    )

    def __init__(
        self,
        in_shape: tuple[int, int, int],
        outputs: int,
        widths: Annotated[tuple[int, ...], AtLeast(1)] = (8, 16, 32, 32, 32),
        pooled: Annotated[int, AtLeast(0)] = 3,
        hidden: Annotated[tuple[int, ...], AtLeast(1)] = (64, 16),
        dropout: Annotated[float, Between(0, 1, "high")] = 0.2,
    ) -> None:
        super().__init__()
        if pooled > len(widths):
            raise impossible(self, "pooled", pooled, f"at most {len(widths)}, as many as it has blocks")
        divisible(self, in_shape, 2**pooled)
        steps = enumerate(pairwise((1, *widths)))
        self.features = nn.Sequential(*(block(a, b, pooled=i < pooled) for i, (a, b) in steps))
        self.dropout = nn.Dropout(dropout)
        flat = widths[-1] * prod(n // 2**pooled for n in in_shape)
        widening = pairwise((flat, *hidden))
        layers = [m for a, b in widening for m in (nn.Linear(a, b, bias=False), nn.BatchNorm1d(b), nn.ReLU())]
        self.head = nn.Sequential(*layers, nn.Linear(hidden[-1], outputs))

    def forward(self, x: Tensor) -> Tensor:
        """(N, 1, D, H, W) -> (N, K)."""
        return self.head(self.dropout(self.features(x).flatten(1)))
