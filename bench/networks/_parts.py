"""Parts that architectures share: the check of the grid and one block."""

from collections.abc import Sequence

from torch import nn

from bench.contracts import impossible


def divisible(
    network: nn.Module, in_shape: Sequence[int], stride: int, instead: str = "the network less depth"
) -> None:
    """Raise BadInput unless every axis of a grid (D, H, W) is divisible by `stride`, the voxels of one last feature.

    instead: what to give in place of another grid.
    """
    if any(n < stride or n % stride for n in in_shape):
        raise impossible(network, "in_shape", tuple(in_shape), f"axes divisible by {stride}, or {instead}")


def block(channels: int, wider: int, pooled: bool = False) -> nn.Sequential:
    """Convolution 3x3x3 with zero padding, batch normalisation, max pooling if `pooled`, ReLU.

    Pooling before the ReLU gives the same values for an eighth of the work.
    """
    layers = [nn.Conv3d(channels, wider, 3, padding=1, bias=False), nn.BatchNorm3d(wider)]
    return nn.Sequential(*layers, *([nn.MaxPool3d(2)] if pooled else []), nn.ReLU())
