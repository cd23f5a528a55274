"""Exact answers of a network whose mechanism is known: every state of the regions it reads, by its formula alone."""

from collections.abc import Callable
from itertools import permutations, product

import torch
from torch import Tensor

from bench.contracts import KnownMechanism

#: which regions are present -> the worth (N,) of that coalition for every subject
Game = Callable[[Tensor], Tensor]


def between(model: KnownMechanism, readings: Tensor, other: Tensor) -> Game:
    """The score where the regions present have their own readings (N, P), and the absent ones others."""
    return lambda present: model.score(torch.where(present, readings, other))


def population_game(model: KnownMechanism, readings: Tensor) -> Game:
    """The expected score where the regions absent are in any state of the population, each independent of the others.

    readings: (N, P), of the regions present. All S^P combinations of the states are run.
    """
    every = torch.cartesian_prod(*model.states.double().T).reshape(-1, readings.shape[1])

    def worth(present: Tensor) -> Tensor:
        mixed = torch.where(present, readings[:, None], every)
        return model.score(mixed.flatten(0, 1)).unflatten(0, mixed.shape[:2]).mean(1)

    return worth


def exact_shapley(game: Game, players: int) -> Tensor:
    """Exact Shapley values (N, P): the mean rise at each player's turn, over all orders in which they come."""
    worth = {s: game(torch.tensor(s)) for s in product((False, True), repeat=players)}
    orders = list(permutations(range(players)))
    values = []
    for player in range(players):
        before = [{*order[: order.index(player)]} for order in orders]
        rises = [worth[_present(b | {player}, players)] - worth[_present(b, players)] for b in before]
        values.append(torch.stack(rises).mean(0))
    return torch.stack(values, 1)


def exact_slopes(model: KnownMechanism, images: Tensor) -> Tensor:
    """The derivative (N, P) of the score with respect to the intensity of a whole region, by the formula."""
    readings = model.readings(images).requires_grad_()
    with torch.enable_grad():
        (slope,) = torch.autograd.grad(model.score(readings).sum(), readings)
    return slope * (model.readings(images + 1) - model.readings(images))


def _present(some: set[int], players: int) -> tuple[bool, ...]:
    return tuple(player in some for player in range(players))
