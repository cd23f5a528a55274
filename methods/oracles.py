"""Oracles: a truth shown as a map. They set the ceiling of a metric on that truth; none is ranked."""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import torch
from torch import Tensor, nn

from bench.contracts import BadInput, Context, MethodTags, Target, Truth, Undefined


@dataclass(frozen=True)
class Oracle:
    """Oracle: a truth as a map.

    A truth with a volume is shown as it is. One of region values is spread evenly over each region's voxels in the
    domain, which are those that metrics sum over, so that the sum is the region's value; elsewhere it is zero.
    """

    truth: str = "planted"

    version: ClassVar[str] = "2"
    reference: ClassVar[str] = "none: an oracle"
    summary: ClassVar[str] = "The truth of the given name, painted."
    note: ClassVar[str] = "a volume as it is; region values spread so that a region's sum is its value"

    @cached_property
    def tags(self) -> MethodTags:
        """An oracle's tags name the truth it needs, so they belong to the instance."""
        truths = frozenset({self.truth})
        return MethodTags("oracle", "location", role="oracle", reads_model=False, truths=truths, cost="0")

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Tensor:
        """Map (N, 1, D, H, W). Raises Undefined where the context carries no such truth."""
        context = context or Context()
        if self.truth not in context.truths:
            raise Undefined(f"the truth '{self.truth}' is not known here, so there is nothing for its oracle to show")
        truth = context.truths[self.truth]
        painted = _painted(truth, context) if truth.volume is None else truth.volume
        return painted.detach().to(inputs).clone(memory_format=torch.contiguous_format)


def _painted(truth: Truth, context: Context) -> Tensor:
    if truth.regions is None or context.regions is None:
        raise BadInput(f"the truth '{truth.name}' has region values but the context has no region labels to paint them")
    values = torch.nn.functional.pad(truth.regions, (1, 0))
    labels = context.regions if context.domain is None else context.regions * context.domain
    index = labels.to(values.device, torch.long)
    sizes = torch.stack([row.bincount(minlength=values.shape[1]) for row in index.flatten(1)])
    shares = values / sizes.clamp(min=1)
    return shares.gather(1, index.flatten(1)).reshape(index.shape)
