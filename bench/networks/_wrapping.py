"""Stems that pass an image on unchanged, in layers that hide it: a function may be wrapped without being changed."""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import relu

Wrapping = Literal["plain", "residual", "batch_norm", "strided"]
#: voxels along an axis that a strided stem puts into one place
STRIDE = 2
#: the gain of the convolution before a batch norm, which takes it back
GAIN = 2.0


class PlainStem(nn.Module):
    """A 3x3x3 convolution that keeps its middle voxel: (N, 1, D, H, W) -> the same."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv3d(1, 1, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 1, D, H, W) -> the same."""
        return self.conv(x)

    def keep(self, images: Tensor) -> None:
        """Set the weights so that images pass unchanged."""
        delta(self.conv, [1.0])

    def places(self, weight: Tensor) -> Tensor:
        """Weights of voxels (P, D, H, W) in the order of the flattened features, (P, features)."""
        return weight.flatten(1)


class ResidualStem(PlainStem):
    """Half the image, and beside it a branch of two rectified channels that adds the other half."""

    def __init__(self) -> None:
        super().__init__()
        self.apart, self.together = (nn.Conv3d(*c, 3, padding=1, bias=False) for c in ((1, 2), (2, 1)))

    def forward(self, x: Tensor) -> Tensor:
        """(N, 1, D, H, W) -> the same."""
        half = self.conv(x)
        return half + self.together(relu(self.apart(half)))

    def keep(self, images: Tensor) -> None:
        """Set the weights so that images pass unchanged: y + relu(y) - relu(-y) = 2 y."""
        delta(self.conv, [0.5])
        delta(self.apart, [1.0, -1.0])
        delta(self.together, [1.0, -1.0])


class NormedStem(PlainStem):
    """A convolution that doubles the image and a batch norm, with statistics of the training images, that halves it."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm3d(1)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 1, D, H, W) -> the same."""
        return self.norm(self.conv(x))

    def keep(self, images: Tensor) -> None:
        """Set weights and statistics so that images pass unchanged in evaluation mode."""
        delta(self.conv, [GAIN])
        seen = GAIN * images.double()
        mean, variance = seen.mean(), seen.var()
        norm = self.norm
        values = (mean, variance, (variance + norm.eps).sqrt() / GAIN, mean / GAIN)
        assert norm.running_mean is not None and norm.running_var is not None
        for tensor, value in zip((norm.running_mean, norm.running_var, norm.weight, norm.bias), values, strict=True):
            tensor.fill_(float(value))


class StridedStem(PlainStem):
    """A 2x2x2 convolution of stride 2 whose eight channels keep the eight voxels of a window."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv3d(1, STRIDE**3, STRIDE, STRIDE, bias=False)

    def keep(self, images: Tensor) -> None:
        """Set the weights so that every voxel is kept in a channel."""
        self.conv.weight.copy_(torch.eye(STRIDE**3).reshape(self.conv.weight.shape))

    def places(self, weight: Tensor) -> Tensor:
        """Weights of voxels (P, D, H, W) in the order of the flattened features, (P, features)."""
        windows = weight
        for axis in (1, 2, 3):
            windows = windows.unfold(axis, STRIDE, STRIDE)
        return windows.permute(0, 4, 5, 6, 1, 2, 3).flatten(1)


STEMS: dict[str, type[PlainStem]] = {
    "plain": PlainStem,
    "residual": ResidualStem,
    "batch_norm": NormedStem,
    "strided": StridedStem,
}


def delta(conv: nn.Conv3d, channels: list[float]) -> None:
    """Set a convolution to `channels` times the voxel in the middle, from one channel to several or back."""
    conv.weight.zero_()
    conv.weight[:, :, 1, 1, 1] = conv.weight.new_tensor(channels).reshape(conv.weight.shape[:2])
