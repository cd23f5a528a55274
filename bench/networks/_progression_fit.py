"""Gradient descent of a progression network, with learnt weights of its losses, beside its discriminators."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from bench.networks._adversaries import LooksReal, TellsOrder
from bench.networks._progression_losses import Differences, Remade, losses
from bench.networks._visit_pairs import Courses, Pairs

#: pairs a step
BATCH = 8
#: weight of what a discriminator asks: it is no likelihood, so that its weight cannot be learnt as those of losses are
ASKED = 0.02
#: rates of the discriminators and of the learnt weights, in units of the network's
SLOWER, FASTER = 0.5, 5.0


class Weights(nn.Module):
    """Weights of losses, learnt as noise is: exp(-s) loss + s (Kendall, Gal and Cipolla 2018, arXiv:1705.07115)."""

    def __init__(self) -> None:
        super().__init__()
        self.logs = nn.ParameterDict()
        for name in ("image", "class", "age", "voxels", "regions"):
            self.logs[name] = nn.Parameter(torch.zeros(()))

    def forward(self, parts: Mapping[str, Tensor]) -> Tensor:
        """The weighed sum."""
        return torch.stack([loss * (-self.logs[name]).exp() + self.logs[name] for name, loss in parts.items()]).sum()


class Teaching:
    """Descent of a network on what it remakes, with `without` left out: a loss, a discriminator or learnt weights.

    network: with `remade(pairs)`. steps: in all.
    """

    def __init__(self, network: Any, without: str, differences: Differences, rate: float, steps: int) -> None:
        self.network, self.without, self.differences = network, without, differences
        self.order, self.realism = TellsOrder(network.person.out_features), LooksReal(tuple(differences.voxels.shape))
        self.weights = Weights().requires_grad_(without != "weights")
        taught = [{"params": network.parameters()}, {"params": self.weights.parameters(), "weight_decay": 0.0}]
        self.descent = torch.optim.AdamW(taught, rate)
        rates = [rate, FASTER * rate]
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(self.descent, rates, steps)
        self.judging = torch.optim.AdamW([*self.order.parameters(), *self.realism.parameters()], SLOWER * rate)

    def epoch(self, seen: Courses, generator: torch.Generator) -> None:
        """Every visit once."""
        self.network.train()
        for rows in seen.paired(generator).split(BATCH):
            pairs = self.network.read(seen, rows)
            remade = self.network.remade(pairs)
            self._descend(remade, pairs)
            self._judge(remade)

    def _losses(self, remade: Remade, pairs: Pairs) -> dict[str, Tensor]:
        network = self.network
        parts = losses(remade, pairs, network.standard.spread, self.differences, network.regions)
        return {name: loss for name, loss in parts.items() if name != self.without}

    def _descend(self, remade: Remade, pairs: Pairs) -> None:
        loss = self.weights(self._losses(remade, pairs))
        if self.without != "order":
            loss = loss + ASKED * self.order.asks(*remade.persons.chunk(2))
        if self.without != "realism":
            loss = loss + ASKED * self.realism.asks(remade.simulated)
        self.descent.zero_grad()
        loss.backward()
        self.descent.step()
        self.schedule.step()

    def _judge(self, remade: Remade) -> None:
        """A step of both discriminators; one that the network does not hear learns for itself."""
        loss = self.order.loss(*remade.persons.detach().chunk(2)) + self.realism.loss(
            remade.seen, remade.simulated.detach()
        )
        self.judging.zero_grad()
        loss.backward()
        self.judging.step()
