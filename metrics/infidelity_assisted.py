"""Infidelity under interventions that only a simulator can make: the disease taken away, given, or made weaker."""

from dataclasses import dataclass, replace
from typing import Annotated, ClassVar

from torch import Tensor

from bench.contracts import Between, BlindSpot, Context, MetricTags, Undefined, bounded
from metrics._shared.strengths import rendered, require
from metrics.infidelity import Infidelity, InfidelityRank

_HEALTHY = BlindSpot(
    "whatever the map says where the disease changes nothing",
    "test_blind_spots_edits.py::test_only_the_map_where_the_disease_acts_counts",
)


@dataclass(frozen=True)
class Twin:
    """I = x - twin, one per subject: a patient rendered without its disease, a control rendered sick."""

    name: ClassVar[str] = "twin"
    blind_spots: ClassVar[tuple[BlindSpot, ...]] = (_HEALTHY,)
    count: ClassVar[int] = 1

    def draw(self, inputs: Tensor, context: Context, row: int) -> Tensor:
        """The perturbation (1, 1, D, H, W) of the subject in this row of inputs (N, 1, D, H, W)."""
        if context.twin is None:
            raise Undefined("twin perturbations need a simulator behind the images")
        return inputs[row : row + 1] - context.twin(context.subject(row)).to(inputs)[None]


@bounded
@dataclass(frozen=True)
class SeverityPath:
    """I = x - x_s, x_s the subject rendered with s of the pathology and all else kept: healed, and half healed.

    A control is given what its twin with the disease has. A strength that is the subject's own gives I = 0, which adds
    to neither sum; the other end of the path is `Twin`, and the strengths between ask for the way there.
    """

    name: ClassVar[str] = "severity"
    blind_spots: ClassVar[tuple[BlindSpot, ...]] = (_HEALTHY,)

    strengths: Annotated[tuple[float, ...], Between(0, 1)] = (0.0, 0.25, 0.5, 0.75, 1.0)

    def __post_init__(self) -> None:
        require(self, self.strengths, 1)

    @property
    def count(self) -> int:
        """Perturbations a subject."""
        return len(self.strengths)

    def draw(self, inputs: Tensor, context: Context, row: int) -> Tensor:
        """Perturbations (K, 1, D, H, W), one per strength, of the subject in this row of inputs (N, 1, D, H, W)."""
        return inputs[row] - rendered(context, context.subject(row), self.strengths).to(inputs)


@bounded
@dataclass(frozen=True)
class AssistedInfidelity(Infidelity):
    """Infidelity under interventions of the simulator."""

    summary: ClassVar[str] = (
        "Infidelity for perturbations that no real image has: the disease taken away, given or made weaker."
    )

    assisted: ClassVar[bool] = True


@bounded
@dataclass(frozen=True)
class AssistedRank(InfidelityRank):
    """Rank correlation under interventions of the simulator."""

    summary: ClassVar[str] = (
        "Rank correlation of a map's mass in what a simulator changed with |df|: for `Redraw`, regions drawn anew."
    )

    tags: ClassVar[MetricTags] = replace(InfidelityRank.tags, assisted=True)
