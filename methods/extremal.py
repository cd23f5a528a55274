"""Extremal perturbation: the part of given size that keeps the score highest where all else is covered."""

from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from bench.contracts import Between, Context, Count, MethodTags, Positive, Target, bounded
from bench.passes import differentiable, gradient
from methods._shared.fills import Covering, Fill, tags_of_fill

#: halvings of the interval in which the shift of a mask to its area is sought
HALVINGS = 40


_TAGS = MethodTags(
    "perturbation",
    "location",
    signed=False,
    laws=frozenset({"shift", "implementation"}),
    cost="passes * (forward + backward)",
)


@bounded
@dataclass(frozen=True)
class ExtremalPerturbation(Covering):
    """Extremal perturbation: the mask m of given area that best keeps the score.

    m lives on a grid of at most `cells` cells an axis, enlarged (trilinear), which keeps it smooth. It starts constant
    and takes `steps` steps along the gradient, the longest component of a step `rate` long; after each it is brought
    back to its area by one shift of all cells, cut to 0..1. (The paper holds the area by a penalty on sorted values,
    which at equal values prefers cells by their number.) fill: what covers, `zero`, `mean`, `blur`, `noise` or a
    number.
    """

    areas: Annotated[tuple[float, ...], Between(0, 1, "both")] = (0.02, 0.05, 0.1, 0.2)
    steps: Count = 30
    cells: Count = 12
    rate: Positive = 0.2
    fill: Fill = "blur"

    version: ClassVar[str] = "2"
    reference: ClassVar[str] = (
        "Fong, Patrick and Vedaldi 2019, Understanding deep networks via extremal perturbations and smooth masks, ICCV"
    )
    summary: ClassVar[str] = (
        "The mean over areas a of the mask m in 0..1, mean(m) = a, that maximises f(m x + (1 - m) cover)."
    )
    note: ClassVar[str] = "mean of four masks of fixed area that keep the score; what opposes the score is never kept"

    @cached_property
    def tags(self) -> MethodTags:
        """The fill is what it compares with."""
        return tags_of_fill(_TAGS, self.fill)

    @property
    def passes(self) -> int:
        """Passes a map."""
        return self.steps * len(self.areas)

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Tensor:
        """Map (N, 1, D, H, W) in 0..1."""
        with differentiable(model):
            x = inputs.detach().clone()
            cover = self.covering(x, context)
            masks = [self._mask(model, x, cover, target, area) for area in self.areas]
            return torch.stack(masks).mean(0).detach().contiguous()

    def _mask(self, model: nn.Module, x: Tensor, cover: Tensor, target: Target, area: float) -> Tensor:
        grid = torch.full((len(x), 1, *(min(self.cells, n) for n in x.shape[2:])), area).to(x)
        for _ in range(self.steps):
            grid.requires_grad_()
            seen = cover + _enlarged(grid, x) * (x - cover)
            slope = gradient(model, seen.detach(), target)
            (rise,) = torch.autograd.grad((slope * seen).sum(), grid)
            longest = rise.abs().amax((1, 2, 3, 4), keepdim=True)
            step = self.rate * rise / longest.where(longest > 0, 1.0)
            grid = shifted_to_area(grid.detach() + step, area)
        return _enlarged(grid, x)


def shifted_to_area(grid: Tensor, area: float) -> Tensor:
    """Each row of a grid plus one number and cut to 0..1, so that its mean is `area`."""
    space = (1, 2, 3, 4)
    low, high = -grid.amax(space, keepdim=True), 1 - grid.amin(space, keepdim=True)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        over = (grid + middle).clamp(0, 1).mean(space, keepdim=True) > area
        low, high = torch.where(over, low, middle), torch.where(over, middle, high)
    return (grid + (low + high) / 2).clamp(0, 1)


def _enlarged(grid: Tensor, like: Tensor) -> Tensor:
    return interpolate(grid, like.shape[2:], mode="trilinear", align_corners=False)
