"""Parts of a progression network: means of regions, and a decoder that is told age and diagnosis."""

from collections.abc import Sequence
from math import prod

import torch
from torch import Tensor, nn

from bench.networks._regions import members

#: least SD of a region's mean, in units of intensity
LEAST = 1e-3
#: what an SD of age adds at first, where a disease begins at 1: slow enough for it to be there at every age
SLOW = 0.1


class RegionMeans(nn.Module):
    """Means of regions, standardised: (N, 1, D, H, W) -> (N, R).

    regions: as for `members`.
    """

    even: Tensor
    centre: Tensor
    scale: Tensor

    def __init__(self, network: str, in_shape: Sequence[int], regions: Tensor | None) -> None:
        super().__init__()
        voxels = members(network, in_shape, regions)
        self.register_buffer("even", voxels / voxels.sum(1, keepdim=True), persistent=False)
        self.register_buffer("centre", torch.zeros(len(voxels)))
        self.register_buffer("scale", torch.ones(len(voxels)))

    def reset_parameters(self) -> None:
        """Means as they are."""
        self.centre.zero_()
        self.scale.fill_(1)

    def measure(self, images: Tensor) -> None:
        """Take mean and SD from images."""
        means = self.of(images)
        self.centre.copy_(means.mean(0))
        self.scale.copy_(means.std(0).clamp(min=LEAST))

    def of(self, volumes: Tensor) -> Tensor:
        """Means (N, R) of volumes (N, 1, D, H, W), as they are."""
        return volumes.flatten(1) @ self.even.T

    def forward(self, x: Tensor) -> Tensor:
        """Means less their mean, in SDs."""
        return (self.of(x) - self.centre) / self.scale


class Years(nn.Module):
    """Ages (N,) in years as they differ from their mean, in SDs."""

    centre: Tensor
    scale: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("centre", torch.zeros(()))
        self.register_buffer("scale", torch.ones(()))

    def reset_parameters(self) -> None:
        """Ages in years."""
        self.centre.zero_()
        self.scale.fill_(1)

    def measure(self, ages: Tensor) -> None:
        """Take mean and SD from ages, of which those are left out that are no numbers."""
        known = ages[ages.isfinite()]
        self.centre.copy_(known.mean())
        self.scale.copy_(known.std().clamp(min=1.0))

    @property
    def one(self) -> Tensor:
        """A year."""
        return 1 / self.scale

    def forward(self, ages: Tensor) -> Tensor:
        """Ages less their mean, in SDs."""
        return (ages - self.centre) / self.scale


class Common(nn.Linear):
    """A linear layer that says `begin` of everybody until it learns to tell persons apart."""

    def __init__(self, inputs: int, outputs: int, begin: float) -> None:
        self.begin = begin
        super().__init__(inputs, outputs)

    def reset_parameters(self) -> None:
        """Zero weights, and `begin` in every bias."""
        nn.init.zeros_(self.weight)
        nn.init.constant_(self.bias, self.begin)


class Progression(nn.Module):
    """Images made of a person, an age and a diagnosis, linear in what is known of these.

    How ageing goes on, and how ill somebody is at first and becomes with age, depends on the person; it begins as one
    course for all, since what tells courses apart is faint beside the noise of two images. Diagnosis 0 is without
    disease.

    person: latents of a person. depth: numbers that say how aged, and how ill, somebody is.
    """

    def __init__(self, in_shape: tuple[int, int, int], outputs: int, person: int, hidden: int, depth: int) -> None:
        super().__init__()
        self.shape, self.diseases = (outputs - 1, depth), outputs - 1
        self.body = nn.Linear(person, hidden)
        self.ageing = Common(person, depth, SLOW)
        self.aged = nn.Linear(depth, hidden, bias=False)
        self.start = Common(person, self.diseases * depth, 1.0)
        self.pace = Common(person, self.diseases * depth, SLOW)
        self.ill = nn.Linear(depth, hidden, bias=False)
        self.voxels = nn.Sequential(nn.Linear(hidden, prod(in_shape)), nn.Unflatten(1, (1, *in_shape)))

    def forward(self, person: Tensor, age: Tensor, diagnosis: Tensor) -> Tensor:
        """Images (N, 1, D, H, W) of persons (N, L) at ages (N,) with a diagnosis (N,)."""
        age = age[:, None]
        stage = self._of(diagnosis, self.start(person) + age * self.pace(person))
        return self.voxels(self.body(person) + self.aged(age * self.ageing(person)) + self.ill(stage))

    def _of(self, diagnosis: Tensor, stages: Tensor) -> Tensor:
        """The stage (N, depth) of each one's disease; 0 without one."""
        carried = torch.arange(1, self.diseases + 1, device=diagnosis.device) == diagnosis[:, None]
        return (stages.unflatten(1, self.shape) * carried[:, :, None]).sum(1)
