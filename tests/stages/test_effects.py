"""Effects of the pathology of single regions on a model: closed forms, efficiency, and brute enumeration."""

import itertools
from math import factorial

import numpy as np
import pytest
import torch
from torch import nn

from bench.contracts import BadInput
from bench.stages import effects
from simulators.brain import Brain
from simulators.pathology.atrophy import Atrophy

REGIONS = ("left hippocampus", "right hippocampus", "right precuneus")


@pytest.fixture(scope="module")
def world():
    simulator = Brain(Atrophy(REGIONS, edge_mm=0.0), amplitude=0.3)
    return simulator, simulator.cohort(range(4))


class Product(nn.Module):
    """z1 = mean of region a + weight * mean of a * mean of b; z0 = 0."""

    def __init__(self, a, b, weight):
        super().__init__()
        self.a, self.b, self.weight = a, b, weight

    def forward(self, x):
        first, second = ((x * place).sum((1, 2, 3, 4)) for place in (self.a, self.b))
        return torch.stack([torch.zeros_like(first), first + self.weight * first * second], 1)


def test_effects_of_a_model_that_reads_one_region_are_all_there(world):
    simulator, cohort = world
    number = simulator.region_names.index("left hippocampus") + 1
    place = (cohort.regions[1] == number).float()
    found = effects.effects(Product(place, place, 0.0), cohort.take(torch.tensor([1])), torch.tensor([True]), (1, 0), 6)
    change = ((cohort.images[1] - cohort.twins[1]) * place).sum()
    for part in (found.off, found.on, found.shapley):
        assert part[0, number - 1] == pytest.approx(change.item(), rel=1e-4)
        others = part[0][~part[0].isnan()].abs().sum() - part[0, number - 1].abs()
        assert others < 1e-4
    assert found.interaction.nan_to_num().abs().max() < 1e-4


def test_shapley_values_sum_to_the_score_change_and_pairs_interact(world):
    simulator, cohort = world
    places = [(cohort.regions[3] == simulator.region_names.index(name) + 1).float() for name in REGIONS[:2]]
    model = Product(*places, 0.5)
    found = effects.effects(model, cohort.take(torch.tensor([3])), torch.tensor([True]), (1, 0), 3)
    score = lambda x: model(x)[0, 1].item()  # noqa: E731
    total = score(cohort.images[3:4]) - score(cohort.twins[3:4])
    assert found.shapley.nansum() + found.elsewhere.sum() == pytest.approx(total, rel=1e-4)
    first, second = ((cohort.images[3] - cohort.twins[3]) * place for place in places)
    index = [simulator.region_names.index(name) for name in REGIONS[:2]]
    assert found.interaction[0, index[0], index[1]] == pytest.approx(
        0.5 * (first.sum() * second.sum()).item(), rel=1e-3
    )


def test_exact_shapley_and_interaction_equal_the_definitions():
    rng = np.random.default_rng(0)
    players, value = 4, rng.standard_normal(16)
    code = lambda s: sum(2**p for p in s)  # noqa: E731
    for p in range(players):
        others, expected = [q for q in range(players) if q != p], 0.0
        for k in range(players):
            weight = factorial(k) * factorial(players - k - 1) / factorial(players)
            subsets = itertools.combinations(others, k)
            expected += sum(weight * (value[code(s) + 2**p] - value[code(s)]) for s in subsets)
        assert effects._shapley(value, players)[p] == pytest.approx(expected)
    expected = sum(
        factorial(len(s)) * factorial(2 - len(s)) / factorial(3)
        * (value[code(s) + 3] - value[code(s) + 1] - value[code(s) + 2] + value[code(s)])
        for k in range(3) for s in itertools.combinations((2, 3), k)
    )  # fmt: skip
    assert effects._interaction(value, players)[0, 1] == pytest.approx(expected)


def test_the_sick_image_is_the_patients_own_and_the_controls_twin(world):
    assert effects.sick(world[1]).tolist() == [False, True, False, True]


def test_effects_survive_storage(world, tmp_path):
    _, cohort = world
    model = Product(torch.ones(1), torch.ones(1), 0.0)
    found = effects.effects(model, cohort, torch.tensor([False, True]), (1, 0), 2)
    effects.write(tmp_path, found)
    for before, after in zip(found, effects.read(tmp_path), strict=True):
        torch.testing.assert_close(before, after, equal_nan=True, rtol=0, atol=0)


def test_too_many_players_are_refused():
    with pytest.raises(BadInput, match=r"use\.players=13"):
        effects.validate(13)
