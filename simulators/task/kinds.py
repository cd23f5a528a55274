"""Labels that tasks share, evenly spread numbers, and the strength that an intervention asks for."""

from collections.abc import Mapping
from typing import Annotated, Any

from bench.contracts import BadInput, Between, require
from bench.contracts.validity import Validity
from simulators.task.protocol import Labels

#: values: the explained score is the network's one output, which is the value minus its mean in SDs
REGRESSION = Labels("regression", outputs=1, target=0, cycle=1024)
#: gaps of a task of values
VALUES = Validity({"edit": "a value has no smallest flip"}, "a value's truth is graded: no set of voxels stands for it")
#: share of a part's whole change
STRENGTH = Annotated[float, Between(0, 1)]
#: 1 for each part of a pathology that is present, 0 for each that is not
Pattern = tuple[Annotated[int, Between(0, 1)], ...]
#: in no rational relation to each other or to 1, so their multiples fill the square evenly
_TURNS = ((5**0.5 - 1) / 2, 2**0.5 - 1)


def even(subject: int) -> float:
    """A number in (0, 1) that any run of subjects fills evenly (Kronecker sequence, Niederreiter 1992, ch. 3).

    Odd subjects lie above one half and even ones below, so that any even range is balanced.
    """
    return (subject % 2 + _turned(subject, 0)) / 2


def beside(subject: int) -> float:
    """Another such number: with `even` it fills the square, and says nothing of it, being the same in 2k and 2k + 1."""
    return _turned(subject, 1)


def _turned(subject: int, dimension: int) -> float:
    return float((subject // 2 + 0.5) * _TURNS[dimension] % 1)


def amount(do: Mapping[str, Any], states: Mapping[str | None, float]) -> float:
    """The strength that is asked for: that of one of the named states, None without intervention, or a number.

    Raises:
        BadInput: for an intervention that the task does not know, two at once, or a strength that is not from 0 to 1.
    """
    if len(do) > 1 or set(do) - {"pathology", "strength"} or do.get("pathology") not in tuple(states):
        raise refuse(do, "one of pathology (off, on, swap) and strength")
    if "strength" in do:
        require("do", "strength", do["strength"], STRENGTH)
        return float(do["strength"])
    return float(states[do.get("pathology")])


def refuse(do: Mapping[str, Any], names: str) -> BadInput:
    """The answer to an intervention that a task does not know; `names` says what it does."""
    return BadInput(f"do={dict(do)!r} is not possible: give an intervention of this task, {names}")
