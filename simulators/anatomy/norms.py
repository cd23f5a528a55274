"""Norms of healthy brains: the rows of `norms.csv`, `norms_slopes.csv` and `norms_volumes.csv`, with their sources."""

import csv
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

#: tables of norms and of their sources
FOLDER = Path(__file__).parent
#: the quantity of norms of ageing
PER_DECADE = "per decade of age"


class Norm(NamedTuple):
    """A quantity of a structure in people: its value, and bounds that simulated brains must keep.

    structure: a region's name without its side, `brain`, or a tissue. tissue: gm, wm, csf or gm+wm, which is counted
    within it. quantity: one of `statistics.QUANTITIES` or of `slopes.STATES`. people: how many were measured. ages:
    their range in years. source: where the value stands.
    """

    structure: str
    tissue: str
    quantity: str
    value: float
    low: float
    high: float
    people: int
    ages: str
    source: str


class SizeNorm(NamedTuple):
    """The mean volume of a structure's side in people, and the intracranial volume of these people, in ml.

    structure: a region's name without its side. tissue: what is counted in it: gm, gm+wm, or all of its label. people,
    ages, source: as in `Norm`.
    """

    structure: str
    tissue: str
    ml: float
    head_ml: float
    people: int
    ages: str
    source: str


def norms() -> tuple[Norm, ...]:
    """Norms of how volumes vary, in the table's order."""
    return _norms("norms.csv")


def slope_norms() -> tuple[Norm, ...]:
    """Norms of how volumes go with age and sex, in the table's order: logarithms of ratios."""
    return _norms("norms_slopes.csv")


def ages_with_norms() -> tuple[float, float]:
    """Least and most years of the people whose ageing all norms of it describe."""
    ages = [norm.ages.split("-") for norm in slope_norms() if norm.quantity == PER_DECADE]
    return max(float(low) for low, _ in ages), min(float(high) for _, high in ages)


@cache
def size_norms() -> tuple[SizeNorm, ...]:
    """Norms of how large regions are, in the table's order."""
    return tuple(
        SizeNorm(row["region"], row["tissue"], float(row["ml"]), float(row["head_ml"]), *_measured(row))
        for row in _rows("norms_volumes.csv")
    )


@cache
def _norms(name: str) -> tuple[Norm, ...]:
    return tuple(
        Norm(
            row["structure"],
            row["tissue"],
            row["quantity"],
            float(row["value"]),
            float(row["low"]),
            float(row["high"]),
            *_measured(row),
        )
        for row in _rows(name)
    )


def _measured(row: Mapping[str, str]) -> tuple[int, str, str]:
    """How many people were measured, their ages, and where that stands."""
    cited = {source["source"]: source["citation"] for source in _rows("norm_sources.csv")}
    return int(row["people"]), row["ages"], "; ".join(cited[source] for source in row["source"].split("+"))


@cache
def _rows(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(newline="") as file:
        return list(csv.DictReader(file))
