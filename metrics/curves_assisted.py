"""Deletion, insertion and selectivity with fills that only a simulator can give: no image is implausible."""

from dataclasses import dataclass, replace
from typing import ClassVar

from bench.contracts import MetricTags, bounded
from metrics._shared.fills import Plausible
from metrics.curves import Deletion, Insertion, Selectivity


@bounded
@dataclass(frozen=True)
class AssistedDeletion(Deletion):
    """Deletion with a fill from the simulator."""

    summary: ClassVar[str] = "Deletion towards another plausible brain: every region drawn anew, or the subject's twin."

    tags: ClassVar[MetricTags] = replace(Deletion.tags, assisted=True)

    fill: Plausible = "twin"  # type: ignore[assignment]  # other fills, not fewer


@bounded
@dataclass(frozen=True)
class AssistedInsertion(Insertion):
    """Insertion with a fill from the simulator."""

    summary: ClassVar[str] = "Insertion into another plausible brain: every region drawn anew, or the subject's twin."

    tags: ClassVar[MetricTags] = replace(Insertion.tags, assisted=True)

    fill: Plausible = "twin"  # type: ignore[assignment]  # other fills, not fewer


@bounded
@dataclass(frozen=True)
class AssistedSelectivity(Selectivity):
    """Selectivity with a fill from the simulator."""

    summary: ClassVar[str] = (
        "Selectivity of blocks erased towards another plausible brain: every region drawn anew, or the subject's twin."
    )

    tags: ClassVar[MetricTags] = replace(Selectivity.tags, assisted=True)

    fill: Plausible = "twin"  # type: ignore[assignment]  # other fills, not fewer
