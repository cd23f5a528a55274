"""Pairs of visits of one person, by which a network learns how images change with age."""

from typing import NamedTuple

import torch
from torch import Tensor

from bench.contracts import BadInput, Batch, courses, require_courses


class Pairs(NamedTuple):
    """Two visits each of B persons: images (B, 1, D, H, W), ages (B,) in the network's unit, diagnosis (B,)."""

    earlier: Tensor
    later: Tensor
    young: Tensor
    old: Tensor
    diagnosis: Tensor


class Courses:
    """The courses of a batch: the rows of each person who is seen more than once, and the ages (N,) of rows in years.

    Raises:
        BadInput: where subjects are no visits of persons, or no person has two visits among them.
    """

    def __init__(self, network: str, data: Batch) -> None:
        visits = data.visits
        require_courses(visits, whole=False)
        self.data = data
        self.persons = [torch.tensor(rows) for rows in courses(visits).values() if len(rows) > 1]
        if not self.persons:
            raise BadInput(
                f"network {network}: it learns from persons who are seen more than once, and here is none; take a "
                "simulator with visits, or give Batch(visit=...)"
            )
        self.ages = torch.full((len(data),), torch.nan)
        for row, visit in visits.items():
            self.ages[row] = visit.age

    def paired(self, generator: torch.Generator) -> Tensor:
        """(P, 2) rows, the earlier visit first: every visit once, beside a random one of its person; an odd one not."""
        pairs = []
        for rows in self.persons:
            drawn = rows[torch.randperm(len(rows), generator=generator)]
            pairs.append(drawn[: len(rows) // 2 * 2].view(-1, 2))
        both = torch.cat(pairs)
        first = self.ages[both[:, 0]] < self.ages[both[:, 1]]
        return torch.where(first[:, None], both, both.flip(1))[torch.randperm(len(both), generator=generator)]
