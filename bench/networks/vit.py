"""A vision transformer: patches of the image are tokens, which attend to each other."""

from math import prod
from typing import ClassVar, Literal

from torch import Tensor, nn

from bench.contracts import Count, bounded
from bench.networks._attention import Places, blocks
from bench.networks._parts import divisible


@bounded
class ViT(nn.Module):
    """Cubes of the image, embedded linearly with their places; blocks of attention; one token or their mean read out.

    in_shape: (D, H, W), divisible by `patch`. outputs: K. patch: voxels along an edge of a cube. heads: of attention.
    width: of a token in each head. depth: blocks of attention. read: the mean of all tokens, or a `class` token of its
    own.
    """

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "Dosovitskiy et al. 2021, ICLR, arXiv:2010.11929; the mean as Beyer et al. 2022"
    summary: ClassVar[str] = "Patches with learned places as tokens, blocks of attention, a linear readout."

    def __init__(
        self,
        in_shape: tuple[int, int, int],
        outputs: int,
        patch: Count = 4,
        heads: Count = 4,
        width: Count = 8,
        depth: Count = 2,
        read: Literal["mean", "class"] = "mean",
    ) -> None:
        super().__init__()
        divisible(self, in_shape, patch, "a patch that divides them")
        self.read = read
        token = heads * width
        self.embed = nn.Conv3d(1, token, patch, patch)
        self.places = Places(prod(n // patch for n in in_shape), token, int(read == "class"))
        self.blocks = blocks(token, heads, depth)
        self.readout = nn.Linear(token, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 1, D, H, W) -> (N, K)."""
        tokens = self.blocks(self.places(self.embed(x).flatten(2).transpose(1, 2)))
        return self.readout(tokens[:, 0] if self.read == "class" else tokens.mean(1))
