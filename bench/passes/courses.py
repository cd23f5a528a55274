"""Courses of persons: what a year adds to volumes that are seen at several visits."""

from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor

from bench.contracts import Visit, courses

MONTHS = 12.0


def yearly(visits: Mapping[int, Visit], volumes: Tensor) -> Tensor:
    """What a year adds, (N, ...): in each row the least-squares slope of its person's volumes, 0 of one seen once.

    visits: by row of the volumes (N, ...).
    """
    slopes = torch.zeros_like(volumes)
    for rows in courses(visits).values():
        if len(rows) > 1:
            slopes[rows] = common_slope(visits, volumes, [rows]).to(volumes)
    return slopes


def common_slope(visits: Mapping[int, Visit], volumes: Tensor, persons: Iterable[Sequence[int]]) -> Tensor:
    """What a year adds to persons alike, (...) float64: one least-squares slope, with a level of each person's own.

    persons: the rows of each one's visits, two or more of one person at least.
    """
    along, spread = torch.zeros(volumes.shape[1:], dtype=torch.float64), 0.0
    for rows in persons:
        years = torch.tensor([visits[row].months / MONTHS for row in rows], dtype=torch.float64)
        away = years - years.mean()
        along += torch.tensordot(away, volumes[list(rows)].double().cpu(), 1)
        spread += float(away @ away)
    return along / spread
