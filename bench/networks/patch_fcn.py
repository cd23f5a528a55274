"""A patch classifier slid over the image: the outputs are the sum of a risk map, read by weights of each place."""

from itertools import pairwise
from math import prod
from typing import Annotated, ClassVar

from torch import Tensor, nn
from torch.nn.functional import interpolate, pad

from bench.contracts import AtLeast, Count, bounded
from bench.networks._parts import divisible


@bounded
class PatchFCN(nn.Module):
    """Every window of the image gets K scores; the outputs are their sums over windows.

    Convolutions of 4x4x4 with stride 2 and no padding of their own make windows of 3 s - 2 voxels that lie s apart,
    s = 2^len(widths); a 1x1x1 convolution follows. The image alone is padded, by 2 s - 1 zeros a side: then every voxel
    lies in as many windows as any voxel s apart, and features of a window do not know where it lies, which they would
    from zero padding inside a network (Kayhan & van Gemert 2020, arXiv:2003.07064). Only the weights by which features
    are scored belong to places.

    The published network learns risks from random patches with the image's label, and a second network then reads them
    by place; here one sum over places does, and both are trained together. A mean of scores that know no place is not
    trained past chance by an atrophy in one of hundreds of windows.

    in_shape: (D, H, W), divisible by s. outputs: K. widths: channels of the convolutions. hidden: channels of the
    1x1x1 convolution.
    """

    version: ClassVar[str] = "2"
    reference: ClassVar[str] = "Qiu et al. 2020, Brain 143:1920, doi:10.1093/brain/awaa137"
    summary: ClassVar[str] = "Windows, seen alike everywhere, scored by weights of their place, added up."

    def __init__(
        self,
        in_shape: tuple[int, int, int],
        outputs: int,
        widths: Annotated[tuple[int, ...], AtLeast(1)] = (16, 32),
        hidden: Count = 32,
    ) -> None:
        super().__init__()
        self.stride = 2 ** len(widths)
        divisible(self, in_shape, self.stride)
        kernels = [(a, b, 4, 2) for a, b in pairwise((1, *widths))] + [(widths[-1], hidden, 1, 1)]
        layers = [
            layer
            for a, b, size, step in kernels
            for layer in (nn.Conv3d(a, b, size, step, bias=False), nn.BatchNorm3d(b), nn.ReLU())
        ]
        self.windows = nn.Sequential(*layers)
        self.places = tuple(n // self.stride + 2 for n in in_shape)
        self.readout = nn.Linear(hidden * prod(self.places), outputs, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 1, D, H, W) -> (N, K)."""
        return self.readout(self.features(x).flatten(1))

    def features(self, x: Tensor) -> Tensor:
        """Features of all windows: (N, hidden, D/s + 2, H/s + 2, W/s + 2); outer ones are centred outside."""
        return self.windows(pad(x, (2 * self.stride - 1,) * 6))

    def risk(self, x: Tensor) -> Tensor:
        """Scores of all windows: (N, K, D/s + 2, H/s + 2, W/s + 2)."""
        weight = self.readout.weight.unflatten(1, (-1, *self.places))
        return (self.features(x)[:, None] * weight).sum(2)

    def intrinsic(self, x: Tensor) -> dict[str, Tensor]:
        """`risk`: (N, K, D, H, W), a map an output in units of that output, window centres on the image, trilinear."""
        inside = self.risk(x)[:, :, 1:-1, 1:-1, 1:-1]
        return {"risk": interpolate(inside, x.shape[2:], mode="trilinear", align_corners=False)}
