"""A small world in which the right answers of a metric are known."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from math import prod
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from bench.contracts import Attribution, Batch, Cohort, Context, Truth, Visit

Grid = tuple[int, int, int]
#: odd, even, and no two axes alike; and a cube
GRID, CUBE = (9, 12, 7), (10, 10, 10)
_REGIONS, _REDRAWS = 8, 4


@dataclass(frozen=True)
class RetrainedModels:
    """Maps of several models, as a `compare` metric is given them."""

    maps: Tensor
    untrained: Tensor
    uses: tuple[Truth, ...]
    permuted: Tensor
    memorised: tuple[float, ...] = (1.0, 1.0, 1.0, 1.0)
    data_seeds: tuple[int, ...] = (0, 0, 1, 1)
    model_seeds: tuple[int, ...] = (0, 1, 0, 1)
    init_seeds: tuple[int, ...] = (0, 1, 0, 1)
    order_seeds: tuple[int, ...] = (0, 1, 0, 1)
    untrained_seeds: tuple[int, ...] = (0, 1)


@dataclass(frozen=True)
class MetricProbe:
    """Subjects with a lesion and used regions, maps that know nothing, and a linear model f(x) = <slope, x>.

    Each field varies over subjects in its first axis, but slope (1, D, H, W) and the models axis of `retrained`.
    """

    cohort: Cohort
    maps: Tensor
    slope: Tensor
    retrained: Tensor
    uses: Tensor
    redrawn: Tensor

    def take(self, rows: list[int]) -> "MetricProbe":
        """The chosen rows of everything."""
        index = torch.tensor(rows)
        return replace(
            self,
            cohort=self.cohort.take(index),
            maps=self.maps[index],
            retrained=self.retrained[:, index],
            uses=self.uses[:, index],
        )

    @property
    def grid(self) -> Grid:
        """(D, H, W)."""
        d, h, w = self.slope.shape[1:]
        return d, h, w

    @property
    def context(self) -> Context:
        """A context over the rows: training images, redraws, scans (other noise), twins and the way to them.

        All heads have one shape, so that a map lies on another subject as it is.
        """
        subjects = tuple(self.cohort.subjects.tolist())
        images, twins = (dict(zip(subjects, c, strict=True)) for c in (self.cohort.images, self.cohort.twins))

        def rescans(subject: int, draws: int) -> Tensor:
            source, image = torch.Generator().manual_seed(subject), images[subject]
            return image + 0.3 * torch.randn((draws, *image.shape), generator=source).to(image)

        def severities(subject: int, strengths: tuple[float, ...]) -> Tensor:
            return torch.stack([twins[subject].lerp(images[subject], strength) for strength in strengths])

        return Context(
            subjects=subjects,
            domain=self.cohort.domain,
            regions=self.cohort.regions,
            region_names=self.cohort.region_names,
            affine=self.cohort.affine,
            truths=self.cohort.truths,
            training=partial(_training, self.grid),
            redraws=lambda subject: self.redrawn[subject],
            rescans=rescans,
            twin=twins.__getitem__,
            severities=severities,
            to_anatomy_of=lambda volume, donor, recipient: volume,
        )

    @property
    def strata(self) -> list[str]:
        """Patients and controls in turn, all classified right."""
        return ["TP" if target else "TN" for target in self.cohort.targets.tolist()]

    @property
    def models(self) -> RetrainedModels:
        """Four retrained models, and untrained and permuted ones whose maps lie elsewhere."""
        uses = tuple(replace(self.cohort.truths["use"], regions=regions) for regions in self.uses)
        return RetrainedModels(self.retrained, self.retrained[:2].flip(-1), uses, self.retrained.flip(-2))

    def moved(self, change: Callable[[Tensor], Tensor]) -> "MetricProbe":
        """The same world with every volume (..., D, H, W) seen through `change`."""
        cohort = self.cohort
        seen: dict[str, Any] = {n: change(getattr(cohort, n)) for n in ("images", "twins", "regions", "domain")}
        truths = {
            name: t if t.volume is None else replace(t, volume=change(t.volume)) for name, t in cohort.truths.items()
        }
        volumes: dict[str, Any] = {
            name: change(getattr(self, name)) for name in ("maps", "slope", "retrained", "redrawn")
        }
        return replace(self, cohort=replace(cohort, truths=truths, **seen), **volumes)

    def oracle(self, truth: Truth) -> Tensor:
        """The best map for a truth: its size, or the use of a region spread evenly over its voxels."""
        if truth.volume is not None:
            return truth.volume.abs()
        assert truth.regions is not None
        seen = self.cohort.regions * self.cohort.domain
        sizes = torch.stack([(seen == r + 1).flatten(1).sum(dim=1) for r in range(_REGIONS)], dim=1)
        density = torch.nn.functional.pad(truth.regions.abs() / sizes, (1, 0))
        labels = seen.flatten(1).long()
        return density.gather(1, labels).reshape(self.cohort.images.shape)

    def attributions(self, metric: Any, maps: dict[str, Tensor]) -> tuple[dict[str, Attribution], dict[str, str]]:
        """The maps as sensitivities, named as they are; as multipliers where the metric is of contributions alone."""
        if "sensitivity" in metric.tags.quantities:
            return {name: Attribution(m) for name, m in maps.items()}, dict.fromkeys(maps, "sensitivity")
        shares = {name: Attribution(m * self.cohort.images, m) for name, m in maps.items()}
        return shares, dict.fromkeys(maps, "contribution")

    def outputs(self, perturbation: Any, row: int) -> tuple[Tensor, Tensor]:
        """The perturbations of a row and what they change in the linear model."""
        moved = perturbation.draw(self.cohort.images, self.context, row)
        return moved, (moved * self.slope).flatten(1).sum(dim=1)


def probe(subjects: int = 6, seed: int = 0, grid: Grid = GRID) -> MetricProbe:
    """A fresh probe; the same bytes at every call. All patients are visits of one person, all controls of another."""
    source = torch.Generator().manual_seed(seed)
    shape = (subjects, 1, *grid)
    images = torch.randn(shape, generator=source)
    domain = torch.zeros(shape, dtype=torch.bool)
    domain[..., 1:-1, 1:-1, 1:-1] = True
    volume = torch.zeros(shape)
    for row in range(subjects):
        z, y, x = (int(torch.randint(1, side - 3, (), generator=source)) for side in grid)
        volume[row, 0, z : z + 3, y : y + 3, x : x + 3] = 1 + torch.rand((3, 3, 3), generator=source)
    use = torch.rand((subjects, _REGIONS), generator=source) * (torch.arange(_REGIONS) < 3) + 0.01
    truths = {name: Truth(name, volume=volume.clone()) for name in ("counterfactual", "planted")}
    truths["use"] = Truth("use", regions=use, signed=False, floor=torch.full_like(use, 0.02))
    cohort = Cohort(
        images=images,
        targets=torch.arange(subjects) % 2,
        subjects=torch.arange(subjects),
        twins=images - volume,
        regions=_octants(domain),
        domain=domain,
        truths=truths,
        region_names=tuple(f"r{r}" for r in range(_REGIONS)),
        affine=np.diag([2.0, 2.0, 2.0, 1.0]),
        visit=lambda subject: _a_year_apart(subject, subjects),
    )
    slope = torch.zeros(shape[1:])
    slope[:, 2:6, 2:6, 2:6] = torch.rand((4, 4, 4), generator=source)
    maps, redrawn, noise = (
        torch.randn(s, generator=source) for s in (shape, (subjects, _REGIONS * _REDRAWS, *shape[1:]), (4, *shape))
    )
    uses = use + 0.1 * torch.rand((4, *use.shape), generator=source)
    place = cohort.regions[:, None] == torch.arange(1, _REGIONS + 1).repeat_interleave(_REDRAWS).reshape(-1, 1, 1, 1, 1)
    return MetricProbe(cohort, maps, slope, images + 0.5 * noise, uses, redrawn.where(place, images[:, None]))


def _a_year_apart(subject: int, subjects: int) -> Visit:
    """The visit that a subject is, where all patients are one person and all controls another."""
    number, person = divmod(subject, 2)
    return Visit(person, number, subjects // 2, 12.0 * number, 70.0 + number, person)


def probe_network(grid: Grid = GRID, seed: int = 0) -> nn.Module:
    """A small trained-looking CNN with batch normalisation, in evaluation mode; global random state is left alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        norm = nn.BatchNorm3d(4)
        model = nn.Sequential(
            nn.Conv3d(1, 4, 3), norm, nn.ReLU(), nn.Conv3d(4, 4, 3), nn.ReLU(), nn.Flatten(),
            nn.Linear(4 * prod(side - 4 for side in grid), 2),
        )  # fmt: skip
        norm.load_state_dict({**norm.state_dict(), "running_mean": torch.rand(4) - 0.5})
    return model.eval()


def slopes(model: nn.Module, inputs: Tensor, context: Context) -> Tensor:
    """Gradient of z1 - z0."""
    x = inputs.detach().clone().requires_grad_()
    outputs = model(x)
    (slope,) = torch.autograd.grad((outputs[:, 1] - outputs[:, 0]).sum(), x)
    return slope.detach()


def gradient_input(model: nn.Module, inputs: Tensor, context: Context) -> Tensor:
    """Gradient x input of z1 - z0."""
    return slopes(model, inputs, context) * inputs.detach()


def _training(grid: Grid, subjects: int = 20) -> Batch:
    """Images that the network was trained on, of other subjects than the cohort's."""
    images = 1 + 2 * torch.randn((subjects, 1, *grid), generator=torch.Generator().manual_seed(1))
    return Batch(images, torch.arange(subjects) % 2, 1000 + torch.arange(subjects))


def _octants(domain: Tensor) -> Tensor:
    """Labels 1 ... 8, unequal boxes that fill the domain and go one voxel beyond it at an end."""
    sides = zip(domain.shape[2:], (0, 1, -1), strict=True)
    high = [(torch.arange(side) >= side // 2 + shift).long() for side, shift in sides]
    octant = high[0][:, None, None] * 4 + high[1][:, None] * 2 + high[2] + 1
    return (octant * (domain | domain.roll(1, dims=2))).to(torch.int16)
