"""Numbers of editions in a command: read, and refused where there is no such edition, or no such next one."""

from collections.abc import Mapping
from pathlib import Path

from bench.contracts import BadInput
from bench.published import places

#: the word of a command that names an edition
EDITION = "edition"


def edition_numbers(values: Mapping[str, str], most: int) -> list[int]:
    """The numbers that a command gives after edition=, none where it has no such word; raises BadInput."""
    if EDITION not in values:
        return []
    numbers = values[EDITION].split(",")
    if len(numbers) > most or not all(text.isdecimal() and int(text) > 0 for text in numbers):
        way = "a number from 1" if most == 1 else f"one number from 1, or {most} with a comma between them"
        raise BadInput(f"edition={values[EDITION]} is not possible: give {way}")
    return [int(text) for text in numbers]


def edition_of(home: Path, number: int) -> Path:
    """The folder of an edition of the study whose published folder is `home`; raises BadInput where there is none."""
    known = places.editions(home)
    if number not in known:
        there = f"one of {', '.join(map(str, known))}" if known else "one once there is any"
        raise BadInput(f"edition={number} is not possible: give {there}, as {home} has no edition {number}")
    return known[number]


def check_next(home: Path, number: int) -> None:
    """Refuse a number that an edition has, or that would leave a gap, and an edition beside other tables."""
    known = places.editions(home)
    if number in known:
        raise taken_already(home, number)
    if number != len(known) + 1:
        last = f"the last one in {home} is edition {max(known)}" if known else f"there is none in {home}"
        raise BadInput(f"edition={number} is not possible: give edition={len(known) + 1}, as {last}")
    if not known and (home / places.ABOUT).exists():
        raise BadInput(f"{home} holds tables that are no edition; remove them first, e.g. git rm -r {home}")


def taken_already(home: Path, number: int) -> BadInput:
    """The refusal of the number of an edition that is there."""
    following = max(places.editions(home)) + 1
    return BadInput(
        f"edition={number} is not possible: give edition={following}, the next one, as edition {number} in {home} does "
        "not change"
    )
