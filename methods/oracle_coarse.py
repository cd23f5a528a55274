"""The oracle of methods that see no finer than their grid: a truth averaged over cubes."""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from torch import Tensor, nn
from torch.nn.functional import avg_pool3d

from bench.contracts import Context, Count, MethodTags, Target, Undefined, bounded


@bounded
@dataclass(frozen=True)
class CoarseOracle:
    """Oracle at the resolution of coarse methods."""

    truth: str = "counterfactual"
    edge: Count = 4

    version: ClassVar[str] = "1"
    reference: ClassVar[str] = "none: an oracle"
    summary: ClassVar[str] = (
        "The mean of a truth's volume over cubes of `edge` voxels, from the first voxel on and cut at the last."
    )
    note: ClassVar[str] = "the truth averaged over cubes, the ceiling of methods that see no finer"

    @cached_property
    def tags(self) -> MethodTags:
        """An oracle's tags name the truth it needs, so they belong to the instance."""
        truths = frozenset({self.truth})
        return MethodTags("oracle", "location", role="oracle", reads_model=False, truths=truths, cost="0")

    def __call__(self, model: nn.Module, inputs: Tensor, target: Target, context: Context | None = None) -> Tensor:
        """Map (N, 1, D, H, W). Raises Undefined where the context carries no volume of the truth."""
        truth = (context or Context()).truths.get(self.truth)
        if truth is None or truth.volume is None:
            raise Undefined(f"the truth '{self.truth}' has no volume here, so there is nothing for its oracle to show")
        volume, lengths = truth.volume.to(inputs), inputs.shape[2:]
        spread = avg_pool3d(volume, self.edge, ceil_mode=True)
        for axis, length in enumerate(lengths, 2):
            spread = spread.repeat_interleave(self.edge, axis).narrow(axis, 0, length)
        return spread.detach().contiguous()
