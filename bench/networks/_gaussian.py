"""Parts of variational autoencoders: images as they differ from their mean, normal latents, where classes lie."""

import torch
from torch import Tensor, nn
from torch.distributions import Normal

#: least SD of a voxel; outside the head nothing varies
LEAST = 0.05
#: log variances of latents lie between minus this and this
LIMIT = 8.0


class Standard(nn.Module):
    """Images (N, 1, D, H, W) less the mean image, in SDs, voxel by voxel; and back."""

    mean: Tensor
    spread: Tensor

    def __init__(self, in_shape: tuple[int, int, int]) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(in_shape))
        self.register_buffer("spread", torch.ones(in_shape))

    def reset_parameters(self) -> None:
        """Images as they are."""
        self.mean.zero_()
        self.spread.fill_(1)

    def measure(self, images: Tensor) -> None:
        """Take mean and SD from images."""
        self.mean.copy_(images.mean((0, 1)))
        self.spread.copy_(images.std((0, 1)).clamp(min=LEAST))

    def forward(self, x: Tensor) -> Tensor:
        """Images in SDs from the mean."""
        return (x - self.mean) / self.spread

    def back(self, x: Tensor) -> Tensor:
        """Images in their own scale."""
        return x * self.spread + self.mean


class NormalOf(nn.Module):
    """Independent normals, whose means and log variances are linear in features (N, F)."""

    def __init__(self, features: int, count: int) -> None:
        super().__init__()
        self.mean, self.log = nn.Linear(features, count), nn.Linear(features, count)

    def forward(self, features: Tensor) -> Normal:
        """(N, F) -> a distribution of (N, count)."""
        return Normal(self.mean(features), (self.log(features).clamp(-LIMIT, LIMIT) / 2).exp())


def precision_weighted(one: Normal, other: Normal) -> Normal:
    """The normal whose density is the product of two, up to a constant: means weighed by their precisions."""
    first, second = one.variance.reciprocal(), other.variance.reciprocal()
    return Normal((one.mean * first + other.mean * second) / (first + second), (first + second).rsqrt())


class ClassNormals(nn.Module):
    """A normal of latents for each class: its mean and covariance among training subjects.

    Before they are measured, class k lies at k on every axis, with variance 1.
    """

    mean: Tensor
    root: Tensor

    def __init__(self, classes: int, latents: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(classes, latents))
        self.register_buffer("root", torch.zeros(classes, latents, latents))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """As before they are measured."""
        self.mean.copy_(torch.arange(len(self.mean))[:, None].expand_as(self.mean))
        self.root.copy_(torch.eye(self.mean.shape[1]).expand_as(self.root))

    def measure(self, latents: Tensor, targets: Tensor) -> None:
        """Take mean and covariance from latents (N, F) of subjects of classes (N,)."""
        for label in range(len(self.mean)):
            members = latents[targets == label]
            centred = members - members.mean(0)
            covariance = centred.T @ centred / (len(members) - 1)
            self.mean[label] = members.mean(0)
            # where a latent does not vary there is no root without a little on the diagonal
            self.root[label] = torch.linalg.cholesky(covariance + 1e-6 * torch.eye(len(covariance)).to(covariance))

    def placed(self, label: int, noise: Tensor) -> Tensor:
        """Latents (M, F) of a class from standard normal noise (M, F)."""
        return self.mean[label] + noise @ self.root[label].T
