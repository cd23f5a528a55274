"""Families of perturbations I; the model is evaluated at x - I.

Every family leaves the voxels outside the domain alone (I = 0 there) except `Redraw`, which re-renders the image.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from bench.contracts import BlindSpot, Context, Count, Positive, Undefined, bounded
from bench.passes.fills import domain_sd
from metrics._shared.domain import domain_of
from metrics._shared.fills import Erasure, erased
from metrics._shared.noise import stream


@bounded
@dataclass(frozen=True)
class GaussianNoise:
    """I is independent Gaussian noise of `sd` within-domain standard deviations of the subject's image."""

    name: ClassVar[str] = "gaussian"
    version: ClassVar[str] = "2"
    blind_spots: ClassVar[tuple[BlindSpot, ...]] = (
        BlindSpot(
            "a gradient smoothed at the width of the noise beats the exact one",
            "test_blind_spots.py::test_gaussian_infidelity_favours_gradients_smoothed_at_its_own_width",
        ),
    )

    sd: Positive = 0.2
    count: Count = 64

    def draw(self, inputs: Tensor, context: Context, row: int) -> Tensor:
        """Perturbations (count, 1, D, H, W) of the subject in this row of inputs (N, 1, D, H, W)."""
        image, inside = inputs[row : row + 1], domain_of(context, inputs)[row : row + 1]
        noise = torch.randn((self.count, *image.shape[1:]), generator=stream(context, row, self.name))
        return noise.to(image) * (self.sd * domain_sd(image, inside)) * inside


@bounded
@dataclass(frozen=True)
class Patch:
    """I erases one cube of `size` voxels per side, centred on a random voxel of the domain: x - I is filled there."""

    name: ClassVar[str] = "patch"
    version: ClassVar[str] = "2"

    size: Count = 4
    fill: Erasure = "mean"
    count: Count = 64

    def draw(self, inputs: Tensor, context: Context, row: int) -> Tensor:
        """Perturbations (count, 1, D, H, W) of the subject in this row of inputs (N, 1, D, H, W)."""
        image, inside = inputs[row], domain_of(context, inputs)[row]
        places = inside[0].nonzero()
        chosen = torch.randint(len(places), (self.count,), generator=stream(context, row, self.name))
        low = places[chosen.to(places.device)] - self.size // 2
        box = torch.ones((self.count, *inside.shape[1:]), dtype=torch.bool, device=image.device)
        for axis, length in enumerate(inside.shape[1:]):
            at = torch.arange(length, device=image.device)
            hit = (at >= low[:, axis, None]) & (at < low[:, axis, None] + self.size)
            box &= hit.reshape(self.count, *(length if a == axis else 1 for a in range(3)))
        return (image - erased(image, inside, self.fill)) * (box[:, None] & inside)


@bounded
@dataclass(frozen=True)
class RegionFill:
    """I erases one region of the domain; at most `count` regions, chosen at random without replacement."""

    name: ClassVar[str] = "region"
    version: ClassVar[str] = "2"

    fill: Erasure = "mean"
    count: Count = 64

    def draw(self, inputs: Tensor, context: Context, row: int) -> Tensor:
        """Perturbations (min(count, R), 1, D, H, W) of the subject in this row of inputs (N, 1, D, H, W)."""
        if context.regions is None:
            raise Undefined("region perturbations need `regions` in the context")
        image, inside = inputs[row], domain_of(context, inputs)[row]
        labels = context.regions[row].to(image.device)
        regions = len(context.region_names) or int(labels.max())
        chosen = torch.randperm(regions, generator=stream(context, row, self.name))[: self.count] + 1
        places = (labels == chosen.to(labels)[:, None, None, None, None]) & inside
        return (image - erased(image, inside, self.fill)) * places


@bounded
@dataclass(frozen=True)
class Redraw:
    """I = x - x', x' the image with one region's local latents redrawn: the interventions behind `use`.

    At most `count` of the simulator's redraws, chosen at random without replacement.
    """

    name: ClassVar[str] = "redraw"

    count: Count = 64

    def draw(self, inputs: Tensor, context: Context, row: int) -> Tensor:
        """Perturbations (min(count, R * K), 1, D, H, W) of the subject in this row of inputs (N, 1, D, H, W)."""
        if context.redraws is None:
            raise Undefined("redraw perturbations need a simulator behind the images")
        redrawn = context.redraws(context.subject(row))
        chosen = torch.randperm(len(redrawn), generator=stream(context, row, self.name))[: self.count]
        return inputs[row] - redrawn[chosen.to(redrawn.device)].to(inputs)
