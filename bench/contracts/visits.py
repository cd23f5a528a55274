"""Visits: the courses of persons who are seen more than once, and what no course can be."""

from collections.abc import Mapping
from itertools import pairwise
from typing import NamedTuple

from bench.contracts.errors import BadInput


class Visit(NamedTuple):
    """One visit of a person, which a subject number stands for.

    number: its place among the visits that the person made, from 0. of: how many these are, missed ones not counted.
    months: time since the first. age: in years. diagnosis: the label.
    """

    person: int
    number: int
    of: int
    months: float
    age: float
    diagnosis: float


def courses(visits: Mapping[int, Visit]) -> dict[int, list[int]]:
    """The subject numbers of each person's visits, first visit first."""
    numbers: dict[int, list[int]] = {}
    for subject in sorted(visits, key=lambda subject: visits[subject].number):
        numbers.setdefault(visits[subject].person, []).append(subject)
    return numbers


def require_courses(visits: Mapping[int, Visit], whole: bool = True) -> None:
    """Refuse visits, by subject number, that are no courses of persons.

    whole: whether all visits of every person have to be there.

    Raises:
        BadInput: for a person with one visit, one of whom some visits are left out, and one who does not grow older or
            whose diagnosis changes.
    """
    for person, subjects in courses(visits).items():
        _require_course(person, [visits[subject] for subject in subjects], whole)


def _require_course(person: int, course: list[Visit], whole: bool) -> None:
    first = course[0]
    if first.of < 2:
        raise BadInput(f"person {person} has one visit, which shows no course; give every person two or more")
    if whole and len(course) < first.of:
        raise BadInput(
            f"person {person} has {first.of} visits, of which {len(course)} would be explained; choose a number of "
            "explain.subjects that parts no person's visits"
        )
    for before, after in pairwise(course):
        if not (before.age < after.age and before.months < after.months):
            raise BadInput(
                f"person {person} is {before.age:g} years old at visit {before.number + 1} and {after.age:g} at the "
                "next; give visits in the order of age"
            )
        if before.diagnosis != after.diagnosis:
            raise BadInput(
                f"person {person} has diagnosis {before.diagnosis:g} at visit {before.number + 1} and "
                f"{after.diagnosis:g} at the next; give a person one diagnosis"
            )
