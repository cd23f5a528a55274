"""Longitudinal: patients and controls who come again and again, each ageing and each ill at a pace of its own."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import Annotated, Any, ClassVar, NamedTuple

import numpy as np

from bench.contracts import Between, Finite, NonNegative, Visit, bounded, impossible
from bench.contracts.validity import Validity
from simulators.anatomy.norms import ages_with_norms
from simulators.covariates import EFFECT, Covariate
from simulators.streams import generator
from simulators.task.kinds import STRENGTH, amount
from simulators.task.protocol import Labels, Task
from simulators.task.single import SingleCause

#: streams in which persons come again; elsewhere subjects are counted as independent, and each is a person seen once
FOLLOWED = ("train", "validation", "evaluation")
#: age at which nothing is added to a brain, and years of a unit of its age
MIDDLE, DECADE = 70.0, 10.0
#: years by which the brain of a person ages in one year, from the slowest to the fastest
AGEING = (0.7, 1.3)
MONTHS = 12.0

#: the least and the most that persons have
StrengthLimits = tuple[STRENGTH, STRENGTH]
AgeLimits = tuple[Finite, Finite]


class Course(NamedTuple):
    """A person's own: age at the first visit, brain years a year, strength of the disease then and its gain a year.

    months: times of the visits that were made.
    """

    age: float
    ageing: float
    start: float
    pace: float
    months: tuple[float, ...]


@bounded
@dataclass(frozen=True)
class Longitudinal(Task):
    """Two balanced classes of persons, each seen at `visits` of the planned times; odd subjects are visits of patients.

    A run of 2 x `visits` subjects holds the visits of one patient and one control in turn. Every person begins at the
    first time and misses others at random. Diagnosis never changes: patients carry the disease from the first visit on.

    schedule: planned times in months. ages: of persons at the first visit, years. start, pace: the strength of the
    disease at the first visit, and what a year adds to it. ageing: what ten brain years add to latents, as effects of a
    covariate do, to patients, controls and twins alike. All of a person's own are drawn evenly within their limits.
    """

    version: ClassVar[str] = "1"
    validity: ClassVar[Validity] = SingleCause.validity
    ageing: Mapping[str, EFFECT] = field(hash=False)
    visits: Annotated[int, Between(2, 10**6, unit="(one visit shows no course)")] = 4
    schedule: tuple[NonNegative, ...] = (0.0, 6.0, 12.0, 24.0, 36.0, 48.0)
    ages: AgeLimits = (55.0, 80.0)
    start: StrengthLimits = (0.15, 0.4)
    pace: StrengthLimits = (0.05, 0.15)

    def __post_init__(self) -> None:
        if self.schedule[:1] != (0.0,) or any(a >= b for a, b in pairwise(self.schedule)):
            raise impossible(self, "schedule", self.schedule, "months that rise from 0, so that nobody grows younger")
        if self.visits > len(self.schedule):
            raise impossible(self, "visits", self.visits, f"at most {len(self.schedule)}, which are planned")
        for name in ("ages", "start", "pace"):
            low, high = getattr(self, name)
            if low > high:
                raise impossible(self, name, (low, high), "the lower limit first")
        self._require_normed_ages()
        last = self.start[1] + self.pace[1] * self.schedule[-1] / MONTHS
        if last > 1:
            raise impossible(self, "pace", self.pace, f"less, as the fastest would end at {last:.2f} of the disease")
        # built here so that effects which are none are refused with the task
        _ = self.brain_age

    def _require_normed_ages(self) -> None:
        """Refuse persons who are at any visit younger or older than those by whom ageing is judged."""
        (low, high), years = ages_with_norms(), self.schedule[-1] / MONTHS
        if self.ages[0] < low or self.ages[1] + years > high:
            known = (
                f"{low:g} to {high:g} years, last visits {years:g} years later included, which norms of ageing cover"
            )
            raise impossible(self, "ages", self.ages, known)

    @cached_property
    def brain_age(self) -> Covariate:
        """The covariate that ageing is, in decades from the middle."""
        return Covariate("brain_age", 0.0, self.ageing)

    @property
    def labels(self) -> Labels:
        """Those of one cause; states repeat only roughly, and a run holds all visits of its persons."""
        common, run = SingleCause.labels, 2 * self.visits
        return replace(common, cycle=1024, period=run, covariates=(self.brain_age,), visits=self.visits)

    def label(self, subject: int) -> int:
        """1 for visits of patients. The label is the subject's parity, so any even range is balanced."""
        return subject % 2

    def visit(self, subject: int, stream: str) -> Visit:
        """The visit that a subject of a stream is."""
        pair, place = divmod(subject // 2, self.visits)
        person = 2 * pair + subject % 2 if _followed(stream) else subject
        course = self.course(person, stream)
        months = course.months[place]
        age = course.age + months / MONTHS
        return Visit(person, place, self.visits, months, age, self.label(subject))

    def course(self, person: int, stream: str) -> Course:
        """A person's own rates and times, the same for every data seed."""
        return self._course(person, stream.split("/")[0])

    @cached_property
    def _course(self) -> Callable[[int, str], Course]:
        return lru_cache(maxsize=4096)(self._drawn)

    def _drawn(self, person: int, stream: str) -> Course:
        rng = generator(stream, person, "course")
        age, ageing, start, pace = (
            float(rng.uniform(*limits)) for limits in (self.ages, AGEING, self.start, self.pace)
        )
        kept = np.sort(rng.choice(self.schedule[1:], self.visits - 1, replace=False))
        return Course(age, ageing, start, pace, (0.0, *kept.tolist()))

    def strength(self, subject: int, do: Mapping[str, Any], stream: str) -> float:
        """Strength of the pathology at a visit: a patient's own, none of a control, unless `do` says otherwise.

        do: {"pathology": "off" | "on" | "swap"} or {"strength": float}. A control has the course that it would have.

        Raises:
            BadInput: for an intervention this task does not know, or a strength that is not from 0 to 1.
        """
        visit = self.visit(subject, stream)
        course = self.course(visit.person, stream)
        ill = course.start + course.pace * visit.months / MONTHS
        label = self.label(subject)
        return amount(do, {None: label * ill, "off": 0, "on": ill, "swap": (1 - label) * ill})

    def covariate_values(
        self, subject: int, stream: str, draw: Callable[[str], np.random.Generator], free: bool
    ) -> dict[str, float]:
        """The age of the brain at a visit, which does not go with the label."""
        visit = self.visit(subject, stream)
        course = self.course(visit.person, stream)
        years = course.age + course.ageing * visit.months / MONTHS
        return {self.brain_age.name: (years - MIDDLE) / DECADE}


def _followed(stream: str) -> bool:
    return stream.split("/")[0] in FOLLOWED
