"""The optimised mask: the smallest smooth part of the image whose covering makes the score fall."""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from bench.contracts import Context, Count, MethodTags, NonNegative, Positive, Target, bounded
from bench.passes import differentiable, explained, forward, gradient
from methods._shared.fills import Covering, Fill, tags_of_fill

_TAGS = MethodTags(
    "perturbation",
    "location",
    signed=False,
    laws=frozenset({"shift"}),
    cost="(2 + steps) * forward + steps * backward",
)


@bounded
@dataclass(frozen=True)
class OptimisedMask(Covering):
    """Optimised mask: the m in 0..1 that minimises, starting from 1,

        f(m x + (1 - m) cover) / |f(x) - f(cover)| + size mean(1 - m) + roughness mean(|dm|^3),

    where dm are the steps of the mask's grid along the three axes. f is the explained score: a probability would leave
    the optimiser without slope where it is near 1. Dividing by the score's range makes the weights mean the same for
    every network: with size = 1 a part is covered if it matters more than the average part of its volume. m lives on
    a grid of at most `cells` cells an axis, enlarged (trilinear), and takes `steps` steps of Adam of length `rate`.
    fill: what covers, `zero`, `mean`, `blur`, `noise` or a number.
    """

    steps: Count = 60
    cells: Count = 12
    size: NonNegative = 1.0
    roughness: NonNegative = 0.2
    rate: Positive = 0.05
    fill: Fill = "blur"

    version: ClassVar[str] = "2"
    reference: ClassVar[str] = "Fong and Vedaldi 2017, Interpretable explanations of black boxes, ICCV, eq. 3 and 4"
    summary: ClassVar[str] = (
        "1 - m, how far each voxel is covered by the mask m in 0..1 that minimises the score under the mask, the area "
        "that is covered and the roughness of the mask, starting from m = 1."
    )
    note: ClassVar[str] = (
        "the part whose covering pays; says nothing of how much more one covered voxel matters than another"
    )

    @cached_property
    def tags(self) -> MethodTags:
        """The fill is what it compares with."""
        return tags_of_fill(_TAGS, self.fill)

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Tensor:
        """Map (N, 1, D, H, W) in 0..1."""
        with differentiable(model):
            x = inputs.detach().clone()
            cover = self.covering(x, context)
            drop = explained(forward(model, x), target) - explained(forward(model, cover), target)
            worth = drop.abs().where(drop != 0, 1.0).reshape(-1, 1, 1, 1, 1)
            mask = torch.ones(len(x), 1, *(min(self.cells, n) for n in x.shape[2:])).to(x).requires_grad_()
            optimiser = torch.optim.Adam([mask], lr=self.rate)
            for _ in range(self.steps):
                seen = cover + _enlarged(mask, x) * (x - cover)
                pull = gradient(model, seen.detach(), target) / worth
                mask.grad = torch.autograd.grad((pull * seen).sum() + self._price(mask), mask)[0]
                optimiser.step()
                mask.data.clamp_(0, 1)
            return (1 - _enlarged(mask, x)).clamp(0, 1).detach().contiguous()

    def _price(self, mask: Tensor) -> Tensor:
        """Size and roughness, summed over rows, which do not mix."""
        steps = [mask.diff(dim=axis).abs() ** 3 for axis in (2, 3, 4)]
        rough = sum(part.sum() for part in steps)
        return (self.size * (1 - mask).sum() + self.roughness * rough) / mask[0].numel()


def _enlarged(mask: Tensor, like: Tensor) -> Tensor:
    return interpolate(mask, like.shape[2:], mode="trilinear", align_corners=False)
