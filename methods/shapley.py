"""Shapley values of regions: the mean effect of a region over all orders in which regions may appear."""

from dataclasses import dataclass
from math import comb
from typing import Annotated, ClassVar

import torch
from torch import Tensor

from bench.contracts import Count, Multiple, bounded
from methods._shared.fills import Fill
from methods._shared.players import Game, RegionGame, subsets

#: players up to which every coalition is run
EXACT = 12


@bounded
@dataclass(frozen=True)
class Shapley(RegionGame):
    """Shapley values of regions, exact or from sampled orders.

    Exact up to 12 regions, 2^R passes. With more, the mean over `permutations` orders, drawn in pairs of an order and
    its reverse; the error falls as one over the root of their number, the sum stays exact. Voxels of no region keep the
    image and have zero. fill: `zero`, `mean`, `blur`, `noise` or a number. blocks: where no regions are known, the
    image is cut into that many parts an axis.
    """

    permutations: Annotated[int, Multiple(2)] = 32
    fill: Fill = "zero"
    blocks: Count = 2

    version: ClassVar[str] = "2"
    reference: ClassVar[str] = (
        "Shapley 1953, A value for n-person games; sampling: Castro, Gomez and Tejada 2009, Polynomial calculation of "
        "the Shapley value based on sampling, Computers & Operations Research 36:1726"
    )
    summary: ClassVar[str] = (
        "Each region's Shapley value, spread over the region; the map sums to f(x) - f(x with all regions covered)."
    )
    note: ClassVar[str] = "sums to f(x) - f(all covered); beyond 12 regions the mean over 16 orders and their reverses"

    def passes(self, players: int) -> int:
        """Passes a map takes with that many regions."""
        return 2**players if players <= EXACT else 2 + self.permutations * (players - 1)

    def _values(self, game: Game, generator: torch.Generator) -> Tensor:
        return exact(game) if game.size <= EXACT else self._sampled(game, generator)

    def _sampled(self, game: Game, generator: torch.Generator) -> Tensor:
        """Mean rise (R,) at each region's turn; the empty and the full coalition are run once."""
        drawn = torch.stack([torch.randperm(game.size, generator=generator) for _ in range(self.permutations // 2)])
        turns = torch.cat([drawn, drawn.flip(1)]).argsort(1)
        present = turns[:, None, :] < torch.arange(1, game.size)[:, None]
        empty = torch.zeros(1, game.size, dtype=torch.bool)
        full, scores = game.value(torch.cat([empty, present.flatten(0, 1)]))
        between = scores[1:].reshape(self.permutations, game.size - 1)
        ends = torch.stack([scores[0], full]).repeat(self.permutations, 1)
        rises = torch.cat([ends[:, :1], between, ends[:, 1:]], 1).diff(dim=1)
        return rises.gather(1, turns).mean(0)


def exact(game: Game) -> Tensor:
    """Shapley values (R,) from all 2^R coalitions."""
    players = game.size
    present = subsets(players)
    full, scores = game.value(present)
    scores = torch.cat([scores, full[None]])
    orders = torch.tensor([1 / (players * comb(players - 1, others)) for others in range(players)]).double()
    values = []
    for player in range(players):
        without = torch.arange(2**players - 1)[~present[:, player]]
        rise = scores[without + 2**player] - scores[without]
        values.append((orders[present[without].sum(1)] * rise).sum())
    return torch.stack(values)
