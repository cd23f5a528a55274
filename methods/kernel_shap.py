"""KernelSHAP: Shapley values of regions as a weighted linear regression on their presence."""

from dataclasses import dataclass
from math import comb
from typing import Annotated, ClassVar

import torch
from torch import Tensor

from bench.contracts import Count, Multiple, bounded, impossible
from methods._shared.fills import Fill
from methods._shared.players import Game, RegionGame, subsets


@bounded
@dataclass(frozen=True)
class KernelSHAP(RegionGame):
    """KernelSHAP: Shapley values of regions by weighted regression.

    Coalitions of s of R regions weigh (R - 1) / (C(R, s) s (R - s)); the coefficients are held to sum to
    f(x) - f(x with all regions covered). Where `samples` allow all 2^R - 2 coalitions, every one is run and the values
    are the Shapley values; otherwise sizes are drawn by their weight and each coalition comes with its complement.
    fill, blocks: as in `shapley`.
    """

    samples: Annotated[int, Multiple(2)] = 512
    fill: Fill = "zero"
    blocks: Count = 2

    version: ClassVar[str] = "2"
    reference: ClassVar[str] = (
        "Lundberg and Lee 2017, A unified approach to interpreting model predictions, NeurIPS, theorem 2; pairs: "
        "Covert and Lee 2021, Improving KernelSHAP, AISTATS"
    )
    summary: ClassVar[str] = (
        "Coefficients of the linear model of region presence that fits the scores of coalitions, spread over regions."
    )
    note: ClassVar[str] = "weighted least squares; Shapley values where every coalition is run, an estimate beyond"

    def passes(self, players: int) -> int:
        """Passes a map takes with that many regions."""
        return 2 + min(2**players - 2, self.samples)

    def _values(self, game: Game, generator: torch.Generator) -> Tensor:
        present, weights = self._coalitions(game.size, generator)
        full, scores = game.value(torch.cat([torch.zeros(1, game.size, dtype=torch.bool), present]))
        return constrained(present.double(), scores[1:] - scores[0], weights, full - scores[0])

    def _coalitions(self, players: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Coalitions (P, R), neither empty nor full, and their weights (P,)."""
        sizes = torch.arange(1, players).double()
        kernel = (players - 1) / (sizes * (players - sizes))
        if 2**players - 2 <= self.samples:
            present = subsets(players)[1:]
            counts = torch.tensor([comb(players, size) for size in range(1, players)]).double()
            return present, (kernel / counts)[present.sum(1) - 1] if players > 1 else torch.ones(0).double()
        if self.samples < 2 * players:
            raise impossible(self, "samples", self.samples, f"at least {2 * players} for {players} regions")
        chosen = 1 + torch.multinomial(kernel, self.samples // 2, replacement=True, generator=generator)
        ranks = torch.rand(len(chosen), players, generator=generator).argsort(1).argsort(1)
        drawn = ranks < chosen[:, None]
        return torch.cat([drawn, ~drawn]), torch.ones(self.samples).double()


def constrained(present: Tensor, rise: Tensor, weights: Tensor, total: Tensor) -> Tensor:
    """Least squares coefficients (R,) of rise (P,) on presence (P, R) that sum to `total`."""
    players = present.shape[1]
    system = torch.zeros(players + 1, players + 1, dtype=torch.float64)
    system[:players, :players] = present.T @ (weights[:, None] * present)
    system[:players, players] = system[players, :players] = 1
    right = torch.cat([present.T @ (weights * rise), total[None]])
    return (torch.linalg.pinv(system, hermitian=True) @ right)[:players]
