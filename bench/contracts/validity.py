"""Limits of a simulator: truths and scores it does not have, known before anything is computed."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from functools import reduce
from operator import or_
from typing import Any, Protocol, runtime_checkable

from bench.contracts.tags import MetricTags


@dataclass(frozen=True)
class Validity:
    """The gaps of a simulator, each with its reason; what is not named here exists.

    undefined: truth -> why it does not exist. regional: truth -> why it has values of regions only. without_sets: why
    no set of voxels stands for the disease, so that voxel truths have graded and rank scores only; empty where they
    have sets. common_place: why the place of disease says nothing of one subject alone; empty where it does.
    """

    undefined: Mapping[str, str] = field(default_factory=dict)
    without_sets: str = ""
    regional: Mapping[str, str] = field(default_factory=dict)
    common_place: str = ""

    @classmethod
    def of(cls, part: Any) -> "Validity":
        """The gaps of a simulator: those it names itself, or else those of the parts in its fields together."""
        if isinstance(part, Limited):
            return part.validity
        if is_dataclass(part):
            return reduce(or_, (cls.of(getattr(part, f.name)) for f in fields(part)), cls())
        if isinstance(part, list | tuple):
            return reduce(or_, map(cls.of, part), cls())
        return cls()

    def reason(self, tags: MetricTags, truth: str) -> str:
        """The reason why a metric has no value on a truth; empty where it has one."""
        lacking = (self.without_sets if tags.sets else "", self.common_place if tags.individual else "")
        return self.undefined.get(truth, "") or next(filter(None, lacking), "")

    def __or__(self, other: "Validity") -> "Validity":
        """The gaps of both; where both name one, the reason of the first."""
        undefined, regional = {**other.undefined, **self.undefined}, {**other.regional, **self.regional}
        without_sets, common_place = self.without_sets or other.without_sets, self.common_place or other.common_place
        return Validity(undefined, without_sets, regional, common_place)


@runtime_checkable
class Limited(Protocol):
    """A simulator, or a part of one, that has gaps. It speaks for all parts it is made of."""

    @property
    def validity(self) -> Validity:
        """Its gaps, each with its reason."""
