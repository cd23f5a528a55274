"""LIME: a local linear model of the score on which regions are present."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import torch
from torch import Tensor

from bench.contracts import AtLeast, Count, Positive, Undefined, bounded
from methods._shared.fills import Fill
from methods._shared.players import Game, RegionGame, subsets


@bounded
@dataclass(frozen=True)
class LIME(RegionGame):
    """LIME: a local ridge regression on the presence of regions.

    A coalition z of R regions weighs exp(-d^2 / width^2), d = 1 - sqrt(|z| / R), its cosine distance to the whole
    image. The intercept is not penalised; the penalty is `ridge` times the sum of weights, so it does not depend on
    their number. One region alone has no value: the image without it weighs nothing. Where `samples` allow, all 2^R
    coalitions are run; otherwise each region is present with probability 1/2.
    fill, blocks: as in `shapley`.
    """

    samples: Count = 512
    width: Positive = 0.25
    ridge: Positive = 1e-3
    fill: Fill = "zero"
    blocks: Annotated[int, AtLeast(2)] = 2

    version: ClassVar[str] = "2"
    reference: ClassVar[str] = "Ribeiro, Singh and Guestrin 2016, Why should I trust you?, KDD, eq. 2 and section 3.4"
    summary: ClassVar[str] = (
        "Coefficients of a weighted ridge regression of the score on region presence, spread over the regions."
    )
    note: ClassVar[str] = "weighted ridge on which regions are present; does not sum to f(x) - f(all covered)"

    def passes(self, players: int) -> int:
        """Passes a map takes with that many regions."""
        return min(2**players, 1 + self.samples)

    def _values(self, game: Game, generator: torch.Generator) -> Tensor:
        if game.size < 2:
            raise Undefined("LIME weighs coalitions by their likeness to the whole, which needs two or more regions")
        present = self._coalitions(game.size, generator)
        full, scores = game.value(present)
        seen = torch.cat([present, torch.ones(1, game.size, dtype=torch.bool)]).double()
        return self._coefficients(seen, torch.cat([scores, full[None]]))

    def _coalitions(self, players: int, generator: torch.Generator) -> Tensor:
        if 2**players <= 1 + self.samples:
            return subsets(players)
        return torch.rand(self.samples, players, generator=generator) < 0.5

    def _coefficients(self, present: Tensor, scores: Tensor) -> Tensor:
        """(R,) from coalitions (P, R) and scores (P,), centred by their weighted means for the free intercept."""
        distance = 1 - present.mean(1).sqrt()
        weights = torch.exp(-(distance**2) / self.width**2)
        weights = weights / weights.sum()
        design, rise = present - weights @ present, scores - weights @ scores
        system = design.T @ (weights[:, None] * design) + self.ridge * torch.eye(present.shape[1]).double()
        return torch.linalg.solve(system, design.T @ (weights * rise))
