"""Attention in two steps: first which slices count, then which places in them."""

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from bench.contracts import Count, bounded, impossible

#: voxels along an edge of a place in the plane of a slice
EDGE = 4


def slicewise(channels: int, wider: int, pooled: bool = False) -> nn.Sequential:
    """Convolution 3x3 in each axial slice with zero padding, batch normalisation, max pooling if `pooled`, ReLU."""
    layers = [nn.Conv3d(channels, wider, (3, 3, 1), padding=(1, 1, 0), bias=False), nn.BatchNorm3d(wider)]
    return nn.Sequential(*layers, *([nn.MaxPool3d((2, 2, 1))] if pooled else []), nn.ReLU())


class PlaceScores(nn.Module):
    """Additive attention: psi . relu(theta feature), 1x1x1, plus a learned score of each place, 0 at first.

    grid: (d, h, W) of places. Heads lie alike, so that it says much where something is.
    """

    def __init__(self, channels: int, inner: int, grid: tuple[int, int, int]) -> None:
        super().__init__()
        self.feature = nn.Sequential(nn.Conv3d(channels, inner, 1), nn.ReLU(), nn.Conv3d(inner, 1, 1, bias=False))
        self.place = nn.Parameter(torch.empty(grid))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """All places alike."""
        nn.init.zeros_(self.place)

    def forward(self, features: Tensor) -> Tensor:
        """(N, C, d, h, W) -> (N, 1, d, h, W)."""
        return self.feature(features) + self.place


@bounded
class SliceAttention(nn.Module):
    """Axial slices, encoded one by one, are weighed, and then places in each.

    A slice is weighed by its mean features and by where it lies, a place by its features and where it lies.
    Weights of slices sum to 1, and so do those of the places in each slice; the mean of features under their product is
    read out linearly. Published for CT, whose thin slices repeat each other and are thinned out first; here all are
    read. The weights may themselves carry evidence, and a place that counts may hold nothing that the readout uses:
    attention is not use.

    in_shape: (D, H, W), D and H divisible by 4. outputs: K. width: channels of the first block, doubled in each of the
    next two. inner: channels in which features are scored.
    """

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "Fu et al. 2021, Neurocomputing 452:263, doi:10.1016/j.neucom.2021.04.044"
    summary: ClassVar[str] = (
        "Axial slices are weighed, then places in each; what is weighed high need not be what the readout uses."
    )

    def __init__(self, in_shape: tuple[int, int, int], outputs: int, width: Count = 8, inner: Count = 8) -> None:
        super().__init__()
        if any(n < EDGE or n % EDGE for n in in_shape[:2]):
            raise impossible(self, "in_shape", tuple(in_shape), f"axial slices whose axes are divisible by {EDGE}")
        self.slices = nn.Sequential(
            slicewise(1, width, pooled=True), slicewise(width, 2 * width, pooled=True), slicewise(2 * width, 4 * width)
        )
        rows, columns, slices = in_shape[0] // EDGE, in_shape[1] // EDGE, in_shape[2]
        self.which = PlaceScores(4 * width, inner, (1, 1, slices))
        self.where = PlaceScores(4 * width, inner, (rows, columns, slices))
        self.readout = nn.Linear(4 * width, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 1, D, H, W) -> (N, K)."""
        features = self.slices(x)
        slices, places = self.weights(features)
        return self.readout((features * slices * places).sum((2, 3, 4)))

    def weights(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Of features (N, C, d, h, W): weights of slices (N, 1, 1, 1, W), and of places in each (N, 1, d, h, W)."""
        slices = torch.softmax(self.which(features.mean((2, 3), keepdim=True)), 4)
        places = self.where(features)
        return slices, torch.softmax(places.flatten(2, 3), 2).reshape(places.shape)

    def intrinsic(self, x: Tensor) -> dict[str, Tensor]:
        """`attention`: (N, 1, D, H, W), for all outputs: slice weight times place weight, trilinear in each slice."""
        slices, places = self.weights(self.slices(x))
        return {"attention": interpolate(slices * places, x.shape[2:], mode="trilinear", align_corners=False)}
