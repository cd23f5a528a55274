"""Discriminators of a progression network, each with what it learns and what it asks of the network."""

from math import prod

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

#: slope of units below zero, hidden units
SLOPE, UNITS = 0.2, 32


class TellsOrder(nn.Module):
    """Tells from what is kept of a person at two visits which came first.

    The encoder sees to it that nobody can, so that age is not hidden in the person and the decoder must go by the age
    that it is told.
    """

    def __init__(self, person: int) -> None:
        super().__init__()
        self.judge = nn.Sequential(nn.Linear(2 * person, UNITS), nn.LeakyReLU(SLOPE), nn.Linear(UNITS, 1))

    def forward(self, earlier: Tensor, later: Tensor) -> Tensor:
        """What it says of persons (N, L) seen twice, in the right order and then in the wrong one: (2 N,)."""
        both = [torch.cat(order, 1) for order in ((earlier, later), (later, earlier))]
        answers: Tensor = self.judge(torch.cat(both))[:, 0]
        return answers

    def loss(self, earlier: Tensor, later: Tensor) -> Tensor:
        """Its error."""
        answers = self(earlier, later)
        right = (torch.arange(len(answers), device=answers.device) < len(earlier)).to(answers)
        return binary_cross_entropy_with_logits(answers, right)

    def asks(self, earlier: Tensor, later: Tensor) -> Tensor:
        """Its error where either order is as right as the other: least where it cannot tell."""
        answers = self(earlier, later)
        return binary_cross_entropy_with_logits(answers, torch.full_like(answers, 0.5))


class LooksReal(nn.Module):
    """Tells images from simulated ones, by least squares (Mao et al. 2017, arXiv:1611.04076).

    It sees means of 2 x 2 x 2 voxels: a decoder makes no noise, and noise alone would give every simulated image away.
    """

    def __init__(self, in_shape: tuple[int, ...]) -> None:
        super().__init__()
        self.judge = nn.Sequential(
            *(nn.AvgPool3d(2), nn.Flatten(), nn.Linear(prod(n // 2 for n in in_shape), UNITS)),
            *(nn.LeakyReLU(SLOPE), nn.Linear(UNITS, 1)),
        )

    def loss(self, real: Tensor, simulated: Tensor) -> Tensor:
        """Its squared error: 1 is real, 0 is simulated."""
        return ((self.judge(real) - 1).square().mean() + self.judge(simulated).square().mean()) / 2

    def asks(self, simulated: Tensor) -> Tensor:
        """How far simulated images are from what it calls real."""
        return (self.judge(simulated) - 1).square().mean()
