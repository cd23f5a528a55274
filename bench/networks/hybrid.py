"""A hybrid of both kinds: convolutions see what is near, attention what is far."""

from math import prod
from typing import ClassVar

from torch import Tensor, nn

from bench.contracts import Count, bounded
from bench.networks._attention import Places, blocks
from bench.networks._parts import block, divisible


@bounded
class Hybrid(nn.Module):
    """Two pooled convolution blocks, whose features at every place are tokens; blocks of attention; the mean.

    in_shape: (D, H, W), divisible by 4. outputs: K. stem: channels of the first convolution block. heads: of attention.
    width: of a token in each head. depth: blocks of attention.
    """

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "Xiao et al. 2021, NeurIPS, arXiv:2106.14881 (convolutional stem of a transformer)"
    summary: ClassVar[str] = "Convolution blocks whose features are tokens of attention, averaged over space."

    def __init__(
        self,
        in_shape: tuple[int, int, int],
        outputs: int,
        stem: Count = 16,
        heads: Count = 4,
        width: Count = 8,
        depth: Count = 1,
    ) -> None:
        super().__init__()
        divisible(self, in_shape, 4)
        token = heads * width
        self.stem = nn.Sequential(block(1, stem, pooled=True), block(stem, token, pooled=True))
        self.places = Places(prod(n // 4 for n in in_shape), token, 0)
        self.blocks = blocks(token, heads, depth)
        self.readout = nn.Linear(token, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 1, D, H, W) -> (N, K)."""
        return self.readout(self.blocks(self.places(self.stem(x).flatten(2).transpose(1, 2))).mean(1))
