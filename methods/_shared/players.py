"""Regions as players of a game: which there are, what coalitions of them score, and how their values are painted."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import cached_property

import torch
from torch import Tensor, nn

from bench.contracts import Context, MethodTags, Target, Undefined
from bench.passes import coalition_edits, row_of
from methods._shared.fills import Covering, Fill, tags_of_fill


class Game:
    """The regions of one image: present ones are seen as they are, absent ones under the fill.

    labels: (1, D, H, W), 0 belongs to no region and always keeps the image. value(present): scores (P,) in float64 of
    coalitions (P, R), boolean.
    """

    def __init__(self, model: nn.Module, image: Tensor, labels: Tensor, filled: Tensor, target: Target):
        self.labels, self.size = labels, int(labels.max())
        self._score: Callable[[Tensor], tuple[Tensor, Tensor]] = lambda present: coalition_edits(
            model, image, labels, present, filled, target
        )

    def value(self, present: Tensor) -> tuple[Tensor, Tensor]:
        """Score () with all regions present, and of each coalition (P,); one pass each."""
        score, scores = self._score(present)
        return score.double().cpu(), scores.double().cpu()


_TAGS = MethodTags(
    "surrogate",
    "location",
    stochastic=True,
    laws=frozenset({"scale", "sign", "shift", "implementation"}),
    cost="passes(blocks**3) * forward",
)


class RegionGame(Covering, ABC):
    """A method that solves, for each image, the game whose players are its regions, and paints their values.

    fill: what absent regions show. blocks: parts an axis where no regions are known.
    """

    fill: Fill
    blocks: int

    @cached_property
    def tags(self) -> MethodTags:
        """The fill is what it compares with."""
        return tags_of_fill(_TAGS, self.fill)

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Tensor:
        """Map (N, 1, D, H, W) in score. Raises BadInput where the solution is not told by the coalitions it may run."""
        x, context = inputs.detach(), context or Context()
        cover, labels = self.covering(x, context), regions_of(x, context, self.blocks)
        seen, maps = shown_labels(labels, context), []
        for row, image in enumerate(x):
            game = Game(model, image, labels[row], cover[row], row_of(target, row, x))
            maps.append(painted(self._values(game, context.generator(row)), seen[row]))
        return torch.stack(maps).to(x)

    @abstractmethod
    def passes(self, players: int) -> int:
        """Passes a map takes with that many regions."""

    @abstractmethod
    def _values(self, game: Game, generator: torch.Generator) -> Tensor:
        """Values (R,) of the regions."""


def regions_of(inputs: Tensor, context: Context, blocks: int) -> Tensor:
    """Labels (N, 1, D, H, W) from 1: the context's regions, or `blocks` equal parts an axis where it has none.

    Raises Undefined where an image has no labelled voxel, so that there is nothing to cover.
    """
    if context.regions is not None:
        labels = context.regions.to(inputs.device, torch.long)
        for row in (labels.flatten(1).amax(1) < 1).nonzero().flatten().tolist():
            raise Undefined(f"subject {context.subject(row)} has no labelled region, so that there is none to cover")
        return labels
    parts = [torch.arange(length) * blocks // length for length in inputs.shape[2:]]
    d, h, w = torch.meshgrid(*parts, indexing="ij")
    return (1 + (d * blocks + h) * blocks + w).to(inputs.device).expand(len(inputs), 1, -1, -1, -1)


def shown_labels(labels: Tensor, context: Context) -> Tensor:
    """Labels (N, 1, D, H, W), 0 outside the domain: where values of regions are painted, as metrics sum them there."""
    return labels if context.domain is None else labels * context.domain.to(labels)


def painted(values: Tensor, labels: Tensor) -> Tensor:
    """Values (R,) spread evenly over their regions (1, D, H, W), in float64: a map sums to its value over a region."""
    sizes = labels.flatten().bincount(minlength=len(values) + 1).clamp(min=1)
    shares = torch.nn.functional.pad(values.double().to(labels.device), (1, 0)) / sizes
    return shares[labels]


def subsets(size: int) -> Tensor:
    """All coalitions of `size` players but the full one, (2^size - 1, size), boolean; row n holds the bits of n."""
    return (torch.arange(2**size - 1)[:, None] >> torch.arange(size)) & 1 == 1
