"""A patch classifier slid over the image: its scores are the mean of a risk map, and it cannot tell where it looks."""

from itertools import pairwise
from typing import ClassVar

from torch import Tensor, nn
from torch.nn.functional import interpolate, pad

from bench.networks._parts import require


class PatchFCN(nn.Module):
    """Every window of the image gets K scores; the outputs are their means over windows.

    Convolutions of 4x4x4 with stride 2 and no padding of their own make windows of 3 s - 2 voxels that lie s apart,
    s = 2^len(widths); 1x1x1 convolutions score them. The image alone is padded, by 2 s - 1 zeros a side: then every
    voxel lies in as many windows as any voxel s apart, so on a background of zeros a shift by s changes no output,
    which zero padding inside a network does not give (Kayhan & van Gemert 2020, arXiv:2003.07064).

    Unlike the published network, which learns from random patches with the image's label and then reads risks with a
    second network, patches are averaged and trained together.

    in_shape: (D, H, W), divisible by s. outputs: K. widths: channels of the convolutions. hidden: channels of the
    1x1x1 convolution before the last.
    """

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "Qiu et al. 2020, Brain 143:1920, doi:10.1093/brain/awaa137"

    def __init__(
        self,
        in_shape: tuple[int, int, int],
        outputs: int,
        widths: tuple[int, ...] = (16, 32),
        hidden: int = 32,
    ) -> None:
        super().__init__()
        self.stride = 2 ** len(widths)
        require("patch_fcn", in_shape, self.stride, widths, (hidden,))
        kernels = [(a, b, 4, 2) for a, b in pairwise((1, *widths))] + [(widths[-1], hidden, 1, 1)]
        layers = [
            layer
            for a, b, size, step in kernels
            for layer in (nn.Conv3d(a, b, size, step, bias=False), nn.BatchNorm3d(b), nn.ReLU())
        ]
        self.windows = nn.Sequential(*layers, nn.Conv3d(hidden, outputs, 1))

    def forward(self, x: Tensor) -> Tensor:
        """(N, 1, D, H, W) -> (N, K)."""
        return self.risk(x).mean((2, 3, 4))

    def risk(self, x: Tensor) -> Tensor:
        """Scores of all windows: (N, K, D/s + 2, H/s + 2, W/s + 2); the outer ones are centred outside the image."""
        return self.windows(pad(x, (2 * self.stride - 1,) * 6))

    def intrinsic(self, x: Tensor) -> dict[str, Tensor]:
        """`risk`: (N, K, D, H, W), a map an output in units of that output, window centres on the image, trilinear."""
        inside = self.risk(x)[:, :, 1:-1, 1:-1, 1:-1]
        return {"risk": interpolate(inside, x.shape[2:], mode="trilinear", align_corners=False)}
