"""Infidelity under an intervention that only a simulator can make: the disease taken away, or given."""

from dataclasses import dataclass, replace
from typing import ClassVar

from torch import Tensor

from bench.contracts import Context, MetricTags, Undefined
from metrics.infidelity import Infidelity


@dataclass(frozen=True)
class Twin:
    """I = x - twin, one a subject: a patient rendered without its disease, a control rendered sick."""

    name: ClassVar[str] = "twin"
    count: ClassVar[int] = 1

    def draw(self, inputs: Tensor, context: Context, row: int) -> Tensor:
        """The perturbation (1, 1, D, H, W) of the subject in this row of inputs (N, 1, D, H, W)."""
        if context.twin is None:
            raise Undefined("twin perturbations need a simulator behind the images")
        return inputs[row : row + 1] - context.twin(context.subjects[row]).to(inputs)[None]


@dataclass(frozen=True)
class AssistedInfidelity(Infidelity):
    """Infidelity for what only a simulator can show: does the map predict what the disease does to the score?"""

    tags: ClassVar[MetricTags] = replace(Infidelity.tags, assisted=True)
