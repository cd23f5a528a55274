"""A small world in which the right answers of a metric are known."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from bench.contracts import Attribution, Batch, Cohort, Context, Truth

_SIDE, _REGIONS, _REDRAWS = 10, 8, 4


@dataclass(frozen=True)
class Models:
    """Maps of several models, as a `compare` metric is given them."""

    maps: Tensor
    untrained: Tensor
    uses: Tensor
    permuted: Tensor
    memorised: tuple[float, ...] = (1.0, 1.0, 1.0, 1.0)
    data_seeds: tuple[int, ...] = (0, 0, 1, 1)
    model_seeds: tuple[int, ...] = (0, 1, 0, 1)


@dataclass(frozen=True)
class Probe:
    """Subjects with a lesion and used regions, maps that know nothing, and a linear model f(x) = <slope, x>.

    Each field varies over subjects in its first axis, but slope (1, D, H, W) and the models axis of `retrained`.
    """

    cohort: Cohort
    maps: Tensor
    slope: Tensor
    retrained: Tensor
    uses: Tensor
    redrawn: Tensor

    def take(self, rows: list[int]) -> "Probe":
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
    def context(self) -> Context:
        """A context over the rows: training images, redraws, scans (other noise), twins and the way to them.

        All heads have one shape, so that a map lies on another subject as it is.
        """
        subjects = tuple(self.cohort.subjects.tolist())
        images, twins = (dict(zip(subjects, c, strict=True)) for c in (self.cohort.images, self.cohort.twins))

        def rescans(subject: int, draws: int) -> Tensor:
            source, image = torch.Generator().manual_seed(subject), images[subject]
            return image + 0.3 * torch.randn((draws, *image.shape), generator=source)

        def severities(subject: int, strengths: tuple[float, ...]) -> Tensor:
            return torch.stack([twins[subject].lerp(images[subject], strength) for strength in strengths])

        return Context(
            subjects=subjects,
            domain=self.cohort.domain,
            regions=self.cohort.regions,
            region_names=self.cohort.region_names,
            truths=self.cohort.truths,
            training=_training,
            redraws=lambda subject: self.redrawn[subject],
            rescans=rescans,
            twin=twins.__getitem__,
            severities=severities,
            carry=lambda volume, donor, recipient: volume,
        )

    @property
    def strata(self) -> list[str]:
        """Patients and controls in turn, all classified right."""
        return ["TP" if target else "TN" for target in self.cohort.targets.tolist()]

    @property
    def models(self) -> Models:
        """Four retrained models, and untrained and permuted ones whose maps lie elsewhere."""
        return Models(self.retrained, self.retrained.roll(3, -1), self.uses, self.retrained.roll(3, -2))

    def flipped(self) -> "Probe":
        """The same world with the last axis of every volume the other way round."""
        cohort = self.cohort
        volumes = {name: getattr(cohort, name).flip(-1) for name in ("images", "twins", "regions", "domain")}
        truths = {
            name: t if t.volume is None else replace(t, volume=t.volume.flip(-1)) for name, t in cohort.truths.items()
        }
        return replace(self, cohort=replace(cohort, truths=truths, **volumes), maps=self.maps.flip(-1))

    def oracle(self, truth: Truth) -> Tensor:
        """The best map for a truth: its size, or the use of a region spread evenly over its voxels."""
        if truth.volume is not None:
            return truth.volume.abs()
        assert truth.regions is not None
        sizes = torch.stack([(self.cohort.regions == r + 1).flatten(1).sum(dim=1) for r in range(_REGIONS)], dim=1)
        density = torch.nn.functional.pad(truth.regions.abs() / sizes, (1, 0))
        labels = self.cohort.regions.flatten(1).long()
        return density.gather(1, labels).reshape(self.cohort.images.shape)

    def attributions(self, maps: dict[str, Tensor]) -> tuple[dict[str, Attribution], dict[str, str]]:
        """The maps as sensitivities, named as they are."""
        return {name: Attribution(m) for name, m in maps.items()}, dict.fromkeys(maps, "sensitivity")

    def outputs(self, perturbation: Any, row: int) -> tuple[Tensor, Tensor]:
        """The perturbations of a row and what they change in the linear model."""
        moved = perturbation.draw(self.cohort.images, self.context, row)
        return moved, (moved * self.slope).flatten(1).sum(dim=1)


def probe(subjects: int = 6, seed: int = 0) -> Probe:
    """A fresh probe; the same bytes at every call."""
    source = torch.Generator().manual_seed(seed)
    shape = (subjects, 1, _SIDE, _SIDE, _SIDE)
    images = torch.randn(shape, generator=source)
    domain = torch.zeros(shape, dtype=torch.bool)
    domain[..., 1:-1, 1:-1, 1:-1] = True
    volume = torch.zeros(shape)
    for row in range(subjects):
        z, y, x = torch.randint(1, _SIDE - 3, (3,), generator=source).tolist()
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
    )
    slope = torch.zeros(shape[1:])
    slope[:, 2:6, 2:6, 2:6] = torch.rand((4, 4, 4), generator=source)
    maps, redrawn, noise = (
        torch.randn(s, generator=source) for s in (shape, (subjects, _REGIONS * _REDRAWS, *shape[1:]), (4, *shape))
    )
    uses = use + 0.1 * torch.rand((4, *use.shape), generator=source)
    own = cohort.regions[:, None] == torch.arange(1, _REGIONS + 1).repeat_interleave(_REDRAWS).reshape(-1, 1, 1, 1, 1)
    return Probe(cohort, maps, slope, images + 0.5 * noise, uses, redrawn.where(own, images[:, None]))


def network(seed: int = 0) -> nn.Module:
    """A small trained-looking CNN with batch normalisation, in evaluation mode; global random state is left alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        norm = nn.BatchNorm3d(4)
        model = nn.Sequential(
            nn.Conv3d(1, 4, 3), norm, nn.ReLU(), nn.Conv3d(4, 4, 3), nn.ReLU(), nn.Flatten(),
            nn.Linear(4 * (_SIDE - 4) ** 3, 2),
        )  # fmt: skip
        norm.load_state_dict({**norm.state_dict(), "running_mean": torch.rand(4) - 0.5})
    return model.eval()


def gradient_input(scale: float = 1.0) -> Callable[[nn.Module, Tensor, Context], Tensor]:
    """Gradient x input of z1 - z0, times a scale."""

    def explain(model: nn.Module, inputs: Tensor, context: Context) -> Tensor:
        x = inputs.detach().clone().requires_grad_()
        outputs = model(x)
        (gradient,) = torch.autograd.grad((outputs[:, 1] - outputs[:, 0]).sum(), x)
        return scale * (gradient * inputs).detach()

    return explain


def _training(subjects: int = 20) -> Batch:
    """Images that the network was trained on, of other subjects than the cohort's."""
    shape = (subjects, 1, _SIDE, _SIDE, _SIDE)
    images = 1 + 2 * torch.randn(shape, generator=torch.Generator().manual_seed(1))
    return Batch(images, torch.arange(subjects) % 2, 1000 + torch.arange(subjects))


def _octants(domain: Tensor) -> Tensor:
    """Labels 1 ... 8, unequal boxes that fill the domain."""
    high = [(torch.arange(_SIDE) >= _SIDE // 2 + shift).long() for shift in (0, 1, -1)]
    octant = high[0][:, None, None] * 4 + high[1][:, None] * 2 + high[2] + 1
    return (octant * domain).to(torch.int16)
