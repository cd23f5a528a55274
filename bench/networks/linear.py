"""A linear classifier of voxels: the transparent reference, whose evidence is its weight volume."""

from math import prod
from typing import ClassVar

import torch
from torch import Tensor, nn

from bench.contracts import Finite, Positive, bounded


@bounded
class Linear(nn.Module):
    """Logits = W (x - centre) / spread + b, one weight volume (D, H, W) an output, starting at zero.

    in_shape: (D, H, W). outputs: K. centre, spread: a fixed scaling that puts images near zero mean, unit range.
    """

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "Linear discriminant of voxel intensities"
    summary: ClassVar[str] = "One weight volume an output: its map is known, which makes it the transparent reference."
    centre: Tensor
    spread: Tensor

    def __init__(
        self, in_shape: tuple[int, int, int], outputs: int, centre: Finite = 0.5, spread: Positive = 0.5
    ) -> None:
        super().__init__()
        self.readout = nn.Linear(prod(in_shape), outputs)
        nn.init.normal_(self.readout.weight, std=1e-4)
        nn.init.zeros_(self.readout.bias)
        self.register_buffer("centre", torch.tensor(float(centre)))
        self.register_buffer("spread", torch.tensor(float(spread)))

    def forward(self, x: Tensor) -> Tensor:
        """(N, 1, D, H, W) -> (N, K)."""
        return self.readout(torch.flatten((x - self.centre) / self.spread, 1))
