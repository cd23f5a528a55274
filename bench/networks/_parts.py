"""What the architectures share: one check of the grid and one block."""

from collections.abc import Sequence

from torch import nn

from bench.contracts import BadInput


def require(network: str, in_shape: Sequence[int], stride: int, *sizes: Sequence[int], dropout: float = 0.0) -> None:
    """Refuse what cannot be built.

    in_shape: (D, H, W), each to be divisible by `stride`, the voxels one last feature stands for. sizes: the lists of
    widths and counts of the network.

    Raises:
        BadInput: naming the network, what does not fit, and what would.
    """
    for given in sizes:
        if not given or min(given) < 1:
            raise BadInput(f"network {network}: {given} is not possible; give at least one number, each at least 1.")
    if not 0 <= dropout < 1:
        raise BadInput(f"network {network}: dropout={dropout} is not possible; give a probability in [0, 1).")
    if any(n < stride or n % stride for n in in_shape):
        raise BadInput(
            f"network {network}: a grid of {tuple(in_shape)} does not fit; every axis must be divisible by {stride}, "
            f"so change the simulator's grid or the network's depth."
        )


def block(channels: int, wider: int, pooled: bool = False) -> nn.Sequential:
    """Convolution 3x3x3 with zero padding, batch normalisation, max pooling if `pooled`, ReLU.

    Pooling before the ReLU gives the same values for an eighth of the work.
    """
    layers = [nn.Conv3d(channels, wider, 3, padding=1, bias=False), nn.BatchNorm3d(wider)]
    return nn.Sequential(*layers, *([nn.MaxPool3d(2)] if pooled else []), nn.ReLU())
