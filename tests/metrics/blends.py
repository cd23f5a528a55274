"""A small world in which disease has one place or one of six, networks that read it, and maps that game metrics.

The maps of a method are those of the trained network and of the same one before training. A blend is a map that knows
the disease's place from the training images and takes a little from the gradient.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from bench.contracts import Batch, Context, Truth
from bench.passes import gradient
from methods.group import t_map

SIDE, PLACES, SEEDS = 10, 6, 5
TRAINING, PATIENTS, AMPLITUDE = 240, 24, 1.5
#: SD of a network's weights where nothing is to be read, those of a place sum to 1
STRAY = 0.02


class Reader(nn.Module):
    """Two outputs, 0 and a soft maximum of weighted sums of the image."""

    def __init__(self, weights: Tensor, steepness: float = 4.0):
        super().__init__()
        self.weights, self.steepness = nn.Parameter(weights), steepness

    def forward(self, x: Tensor) -> Tensor:
        """Outputs (N, 2)."""
        read = self.steepness * x.flatten(1) @ self.weights.T
        score = read.logsumexp(1) / self.steepness
        return torch.stack([torch.zeros_like(score), score], 1)


class Maps(NamedTuple):
    """|Maps| (N, 1, D, H, W) of the trained network and before training."""

    trained: Tensor
    untrained: Tensor


@dataclass(frozen=True)
class World:
    """Patients of one data seed, their truth, what the network uses, the t-map of the training images, the gradient."""

    truth: Truth
    use: Truth
    template: Tensor
    gradient: Maps
    seed: int

    @property
    def context(self) -> Context:
        """Heads are all alike, so that a map lies on another's as it is."""
        return Context(
            subjects=tuple(range(PATIENTS)),
            truths={"counterfactual": self.truth},
            regions=(torch.arange(1.0, PLACES + 1) @ _blocks()).view(1, 1, *[SIDE] * 3).expand_as(self.template),
            region_names=tuple(f"place {number}" for number in range(PLACES)),
            to_anatomy_of=lambda volume, donor, recipient: volume,
        )

    def noise(self, draw: int) -> Tensor:
        """Uniform noise for every patient."""
        return torch.rand((PATIENTS, 1, *[SIDE] * 3), generator=torch.Generator().manual_seed(100 * self.seed + draw))


def world(seed: int, moving: bool, stray: float = STRAY) -> World:
    """A world whose network is right, but for some weight everywhere."""
    draw = torch.Generator().manual_seed(seed)
    blocks = _blocks()
    place = torch.arange(TRAINING + PATIENTS) // 2 % PLACES if moving else torch.zeros(TRAINING + PATIENTS).long()
    sick = torch.cat([torch.arange(TRAINING) % 2, torch.ones(PATIENTS)])
    lesions = AMPLITUDE * sick[:, None] * blocks[place]
    images = (torch.randn((len(place), SIDE**3), generator=draw) + lesions).view(-1, 1, *[SIDE] * 3)
    training = Batch(images[:TRAINING], sick[:TRAINING].long(), torch.arange(TRAINING))
    read = blocks if moving else blocks[:1].expand(PLACES, -1)
    astray = torch.randn((2, PLACES, SIDE**3), generator=draw)
    networks = Reader(read / blocks.sum(1, keepdim=True) + stray * astray[0]), Reader(0.05 * astray[1])
    own = images[TRAINING:]
    return World(
        Truth("counterfactual", volume=lesions[TRAINING:].view_as(own)),
        Truth("use", regions=torch.eye(PLACES)[place[TRAINING:]], floor=torch.zeros(PATIENTS, PLACES)),
        t_map(training, training.targets).float().abs().expand_as(own),
        Maps(*(gradient(network, own, (1, 0)).abs() for network in networks)),
        seed,
    )


def product(of: World) -> Maps:
    """t-map times |gradient|."""
    return Maps(*(of.template * maps for maps in of.gradient))


def total(of: World, little: float = 0.1) -> Maps:
    """t-map plus a little of |gradient|, each scaled by its largest value."""
    return Maps(*(_scaled(of.template) + little * _scaled(maps) for maps in of.gradient))


def noisy_template(of: World) -> Maps:
    """t-map plus noise: a method that reads nothing."""
    return Maps(*(_scaled(of.template) + 0.1 * of.noise(draw) for draw in range(2)))


def hiding_template(of: World) -> Maps:
    """t-map under a trained network, noise before training."""
    return Maps(of.template, of.noise(0))


def _scaled(maps: Tensor) -> Tensor:
    return maps / maps.flatten(1).amax(1).view(-1, 1, 1, 1, 1)


def _blocks() -> Tensor:
    """The places (P, V), cubes that do not touch."""
    found = torch.zeros(PLACES, *[SIDE] * 3)
    corners = [(1, 1, 1), (1, 5, 5), (5, 1, 5), (5, 5, 1), (1, 1, 7), (7, 7, 7)]
    for place, (x, y, z) in zip(found, corners, strict=True):
        place[x : x + 2, y : y + 2, z : z + 2] = 1
    return found.flatten(1)
