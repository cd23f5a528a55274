"""Tasks: labels, the sides they are on, and the parts of the pathology that a subject carries."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import numpy as np

from bench.contracts import Visit
from bench.contracts.validity import Validity
from simulators.covariates import Covariate

#: share of the pathology that is present: of all parts alike, or of each
Strength = float | tuple[float, ...]


@dataclass(frozen=True)
class Labels:
    """Properties of a task's labels.

    kind: "classes" has whole labels 0 to outputs - 1, "regression" labels in a unit of its own. target: the explained
    score, a contrast (c, c') of classes or the one output of a regression. cycle: subjects after which states repeat;
    one drawn uniformly from them has the task's base rates. period: subjects in each run of which all patterns of
    states come in turn, so that what alternates from run to run says nothing of the pattern; 2 where states fill any
    run evenly. products: whether the label depends on no single part, so that an observer must read products of its
    statistics. ceiling: the best AUC between the sides that any observer can reach. middle: value between the sides
    of a regression. splits: test streams beside `test` in which what goes with the label there goes with it no longer.
    not_disease: numbers of the parts of the pathology that are no disease, by what they are (`truths.not_disease`).
    covariates: what beside the pathology goes with the label, or with the subject's age. visits: how often a person is
    seen where it is followed.
    """

    kind: Literal["classes", "regression"]
    outputs: int
    target: int | tuple[int, int]
    cycle: int
    period: int = 2
    products: bool = False
    ceiling: float = 1.0
    middle: float = 0.5
    splits: tuple[str, ...] = ()
    not_disease: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    covariates: tuple[Covariate, ...] = ()
    visits: int = 1

    def side(self, label: float) -> int:
        """1 where the explained score should be high (patients), 0 where low (controls), -1 for neither."""
        if isinstance(self.target, tuple):
            return {c: side for side, c in enumerate(reversed(self.target))}.get(int(label), -1)
        return int(label > self.middle)


class Task(ABC):
    """The record of its labels, the label of each subject, and the strength of each part that a subject carries."""

    version: ClassVar[str]

    @property
    @abstractmethod
    def labels(self) -> Labels:
        """Properties of the labels."""

    @property
    def validity(self) -> Validity:
        """The gaps of a task: without `edited`, the edit of a label is not known."""
        return Validity({"edit": "the task offers no edits"})

    @abstractmethod
    def label(self, subject: int) -> float:
        """The subject's label, an int for classes."""

    @abstractmethod
    def strength(self, subject: int, do: Mapping[str, Any], stream: str) -> Strength:
        """Strength of the pathology, or of each part, in a subject of a stream under an intervention."""

    def validate(self, parts: int) -> None:
        """Refuse a pathology whose number of parts is not the task's; here any number will do."""
        return

    def edited(self, subject: int, stream: str) -> Sequence[float]:
        """The subject's state with every part changed that belongs to any smallest flip of the label.

        Asked for only where `validity` does not name the truth `edit`.
        """
        raise NotImplementedError

    def visit(self, subject: int, stream: str) -> Visit | None:
        """The visit of a person that a subject of a stream is; None where each is another person, seen once."""
        return None

    def covariate_values(
        self, subject: int, stream: str, draw: Callable[[str], np.random.Generator], free: bool
    ) -> dict[str, float]:
        """A subject's covariates by name.

        draw: the generator of a named component of the subject. free: as if nothing went with the label.
        """
        return {}
