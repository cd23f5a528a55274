"""Parts of a study: shares of its units, each computed by a call of its own, on a machine of its own if need be."""

import re

from bench.contracts import BadInput
from bench.study import Study

#: a part and how many there are
PART = re.compile(r"([1-9]\d{0,4})/([1-9]\d{0,4})")


def check(part: str) -> None:
    """Refuse what names no part; raises BadInput."""
    match = PART.fullmatch(part)
    if part and not (match and int(match[1]) <= int(match[2])):
        raise BadInput(f"part={part!r} is not possible: give K/N, the K-th of N parts, e.g. part=2/8")


def of(study: Study) -> set[str]:
    """Names of the units whose cells a call computes: all of them, or every N-th, which no other part has.

    A unit on permuted labels is in the part of its like. What compares models is in no part, as it needs all of them.
    """
    if not study.settings["part"]:
        return {unit.id for unit in study.everything}
    number, of_all = map(int, study.settings["part"].split("/"))
    return {unit.id for units in (study.units, study.arms) for unit in units[number - 1 :: of_all]}
