"""A vision transformer: patches of the image are tokens, which attend to each other."""

from math import prod
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from bench.contracts import Count, bounded
from bench.networks._attention import Places, blocks
from bench.networks._parts import divisible

#: least SD of a voxel; outside the head nothing varies
LEAST = 0.05


class MeanImage(nn.Module):
    """Images (N, 1, D, H, W) less the mean of the training images, in their SDs, voxel by voxel.

    What all heads share is most of a patch; under it, tokens learn nothing of a small effect. Both are gathered over
    the batches of training, and kept as they are afterwards.
    """

    seen: Tensor
    mean: Tensor
    square: Tensor

    def __init__(self, in_shape: tuple[int, int, int]) -> None:
        super().__init__()
        self.register_buffer("seen", torch.zeros(()))
        self.register_buffer("mean", torch.zeros(in_shape))
        self.register_buffer("square", torch.ones(in_shape))

    def reset_parameters(self) -> None:
        """Forget what was gathered."""
        self.seen.zero_()
        self.mean.zero_()
        self.square.fill_(1.0)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 1, D, H, W) -> (N, 1, D, H, W)."""
        if self.training:
            self._gather(x.detach())
        return (x - self.mean) / (self.square - self.mean.square()).clamp(min=LEAST**2).sqrt()

    def _gather(self, x: Tensor) -> None:
        self.seen += len(x)
        self.mean += (x.mean((0, 1)) - self.mean) * len(x) / self.seen
        self.square += (x.square().mean((0, 1)) - self.square) * len(x) / self.seen


@bounded
class ViT(nn.Module):
    """Cubes of the image, embedded linearly with their places; blocks of attention; one token or their mean read out.

    The image is read as it differs from the mean of the training images (`MeanImage`).

    in_shape: (D, H, W), divisible by `patch`. outputs: K. patch: voxels along an edge of a cube. heads: of attention.
    width: of a token in each head. depth: blocks of attention. read: the mean of all tokens, or a `class` token of its
    own.
    """

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "Dosovitskiy et al. 2021, ICLR, arXiv:2010.11929; the mean as Beyer et al. 2022"
    summary: ClassVar[str] = (
        "Patches, less the mean image, with learned places as tokens; blocks of attention; a linear readout."
    )

    def __init__(
        self,
        in_shape: tuple[int, int, int],
        outputs: int,
        patch: Count = 8,
        heads: Count = 4,
        width: Count = 8,
        depth: Count = 2,
        read: Literal["mean", "class"] = "mean",
    ) -> None:
        super().__init__()
        divisible(self, in_shape, patch, "a patch that divides them")
        self.read = read
        token = heads * width
        self.centred = MeanImage(in_shape)
        self.embed = nn.Conv3d(1, token, patch, patch)
        self.places = Places(prod(n // patch for n in in_shape), token, int(read == "class"))
        self.blocks = blocks(token, heads, depth)
        self.readout = nn.Linear(token, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 1, D, H, W) -> (N, K)."""
        tokens = self.blocks(self.places(self.embed(self.centred(x)).flatten(2).transpose(1, 2)))
        return self.readout(tokens[:, 0] if self.read == "class" else tokens.mean(1))
