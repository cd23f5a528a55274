"""What a task offers: labels, the sides they are on, and which parts of the pathology a subject carries."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Literal, Protocol, runtime_checkable

import numpy as np

from simulators.covariates import Covariate

#: how much of the pathology is present: of all parts alike, or of each
Strength = float | tuple[float, ...]
Kind = Literal["classes", "regression"]


class Task(Protocol):
    """Labels and states.

    kind: "classes" has whole labels 0 to outputs - 1, "regression" labels in a unit of its own. cycle: subjects after
    which states repeat; one drawn uniformly from them has the task's base rates. period: subjects in each run of which
    all patterns of states come in turn, so that what alternates from run to run says nothing of the pattern; 2 where
    states fill any run evenly. products: whether the label depends
    on no single part, so that an observer must read products of its statistics. splits: test streams beside `test` in
    which what goes with the label there goes with it no longer.
    """

    version: ClassVar[str]

    @property
    def kind(self) -> Kind:
        """What labels are."""

    @property
    def outputs(self) -> int:
        """Outputs a network needs."""

    @property
    def target(self) -> int | tuple[int, int]:
        """The explained score: a contrast (c, c') of classes, or the one output of a regression."""

    @property
    def cycle(self) -> int:
        """Subjects after which states repeat."""

    @property
    def period(self) -> int:
        """Subjects of one run."""

    @property
    def products(self) -> bool:
        """Whether no single part tells the sides apart."""

    @property
    def ceiling(self) -> float:
        """The best AUC between the sides that any observer can reach."""

    @property
    def splits(self) -> tuple[str, ...]:
        """Further test streams."""

    def label(self, subject: int) -> float:
        """The subject's label, an int for classes."""

    def side(self, label: float) -> int:
        """1 where the explained score should be high (patients), 0 where low (controls), -1 for neither."""

    def strength(self, subject: int, do: Mapping[str, Any], stream: str) -> Strength:
        """What a subject of a stream carries under an intervention."""

    def validate(self, parts: int) -> None:
        """Refuse a pathology whose number of parts is not the task's."""


@runtime_checkable
class Edits(Protocol):
    """A task whose label more than one minimal change can flip.

    One that says so of itself only at times names `edit` in its `validity` where it has none.
    """

    def edited(self, subject: int, stream: str) -> Sequence[float]:
        """The subject's state with every part changed that belongs to any minimal flip of the label."""


@runtime_checkable
class Harmless(Protocol):
    """A task in which subjects carry parts of the pathology that are no disease."""

    @property
    def harmless(self) -> Mapping[str, tuple[int, ...]]:
        """Places of such parts in a subject's state, by what they are (see `simulators.truths.not_disease`)."""


@runtime_checkable
class Covaries(Protocol):
    """A task in which something beside the pathology goes with the label."""

    covariates: tuple[Covariate, ...]

    def values(
        self, subject: int, stream: str, draw: Callable[[str], np.random.Generator], free: bool
    ) -> dict[str, float]:
        """A subject's covariates by name.

        draw: the generator of a named component of the subject. free: as if nothing went with the label.
        """
