"""Effects of the pathology of single regions on a model: closed forms, efficiency, and brute enumeration."""

import itertools
from math import factorial

import numpy as np
import pytest
import torch
from torch import nn

from bench.contracts import Simulator, Unsupported
from bench.stages import switching
from bench.stages.effects import EFFECTS
from simulators.anatomy.mni152 import MNI152
from simulators.brain import Brain
from simulators.pathology.atrophy import Atrophy
from simulators.pathology.deformation import Deformation

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


def _effects(simulator, model, cohort, row, players):
    """Of one subject, whose own image is the sick one in odd rows."""
    sick = torch.tensor([row % 2 == 1])
    return switching.effects(model, simulator, cohort.take(torch.tensor([row])), sick, (1, 0), players)


def test_effects_of_a_model_that_reads_one_region_are_all_there(world):
    simulator, cohort = world
    number = simulator.region_names.index("left hippocampus") + 1
    place = (cohort.regions[1] == number).float()
    found = _effects(simulator, Product(place, place, 0.0), cohort, 1, 6)
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
    found = _effects(simulator, model, cohort, 3, 3)
    score = lambda x: model(x)[0, 1].item()  # noqa: E731
    total = score(cohort.images[3:4]) - score(cohort.twins[3:4])
    assert found.shapley.nansum() + found.elsewhere.sum() == pytest.approx(total, rel=1e-4)
    first, second = ((cohort.images[3] - cohort.twins[3]) * place for place in places)
    index = [simulator.region_names.index(name) for name in REGIONS[:2]]
    assert found.interaction[0, index[0], index[1]] == pytest.approx(
        0.5 * (first.sum() * second.sum()).item(), rel=1e-3
    )


@pytest.fixture(scope="module")
def moving():
    """Two neighbours on each side that shrink: what one moves lies in the other, and around both."""
    regions = (*REGIONS[:2], "left amygdala")
    simulator = Brain(Deformation(regions), MNI152(4.0), amplitude=0.4)
    return regions, simulator, simulator.cohort(range(4))


class Weighted(nn.Module):
    """z1 = weights . x, or the square of it; z0 = 0."""

    def __init__(self, shape, power=1):
        super().__init__()
        weights = torch.randn(shape, generator=torch.Generator().manual_seed(0))
        self.weights, self.power = weights / weights.norm(), power

    def forward(self, x):
        found = (x * self.weights).sum((1, 2, 3, 4)) ** self.power
        return torch.stack([torch.zeros_like(found), found], 1)


def _score(model, images):
    return model(images)[:, 1].double()


@pytest.mark.parametrize("row", [1, 2])
def test_effects_of_a_linear_model_are_those_of_images_rendered_by_name(moving, row):
    """And not those of pasted voxels, which miss what a region moves around itself."""
    regions, simulator, cohort = moving
    model = Weighted(simulator.shape)
    found = _effects(simulator, model, cohort, row, 6)
    sick, well = (cohort.images, cohort.twins) if row % 2 else (cohort.twins, cohort.images)
    for region in regions:
        place = simulator.region_names.index(region)
        off, on = (
            simulator.sample([row], "evaluation", {"pathology": whole, "regions": {region: part}}).images
            for whole, part in (("on", "off"), ("off", "on"))
        )
        expected = [_score(model, a) - _score(model, b) for a, b in ((sick[[row]], off), (on, well[[row]]))]
        torch.testing.assert_close(found.off[0, place].double(), expected[0][0], rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(found.on[0, place].double(), expected[1][0], rtol=1e-4, atol=1e-5)
        inside = cohort.regions[[row]] == place + 1
        pasted = _score(model, sick[[row]]) - _score(model, torch.where(inside, well[[row]], sick[[row]]))
        assert abs(found.off[0, place] - pasted) > 0.1 * abs(pasted)
    players = {simulator.region_names[r] for r in (~found.off[0].isnan()).nonzero()[:, 0]}
    assert players == set(regions), "a region that is only moved by others has no pathology to switch"


@pytest.mark.parametrize("power", [1, 3])
@pytest.mark.parametrize("row", [1, 2])
def test_shapley_values_share_the_whole_re_rendered_change(moving, row, power):
    """And equal a naive twin in float64: the mean marginal change over all orders in which regions fall ill."""
    regions, simulator, cohort = moving
    model = Weighted(simulator.shape, power)
    found = _effects(simulator, model, cohort, row, 6)
    sick, well = (cohort.images, cohort.twins) if row % 2 else (cohort.twins, cohort.images)
    total = _score(model, sick[[row]]) - _score(model, well[[row]])
    assert found.shapley.nansum() + found.elsewhere[0] == pytest.approx(total.item(), rel=1e-4)
    ill = {}
    for size in range(len(regions) + 1):
        for some in itertools.combinations(regions, size):
            do = {"pathology": "off", "regions": dict.fromkeys(some, "on")}
            ill[frozenset(some)] = _score(model, simulator.sample([row], "evaluation", do).images).item()
    orders = list(itertools.permutations(regions))
    for region in regions:
        before = [frozenset(order[: order.index(region)]) for order in orders]
        naive = np.mean([ill[b | {region}] - ill[b] for b in before])
        assert found.shapley[0, simulator.region_names.index(region)] == pytest.approx(naive, rel=1e-3, abs=1e-5)


class Unswitched(Brain):
    """Cannot switch single regions."""

    switches = Simulator.switches


def test_a_simulator_that_cannot_switch_regions_is_unsupported(world):
    brain, cohort = world
    still = Unswitched(brain.pathology, amplitude=0.3)
    with pytest.raises(Unsupported, match="no `switches`"):
        switching.effects(Weighted(cohort.images.shape[2:]), still, cohort, torch.tensor([False]), (1, 0), 2)


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
        assert switching._shapley(value, players)[p] == pytest.approx(expected)
    expected = sum(
        factorial(len(s)) * factorial(2 - len(s)) / factorial(3)
        * (value[code(s) + 3] - value[code(s) + 1] - value[code(s) + 2] + value[code(s)])
        for k in range(3) for s in itertools.combinations((2, 3), k)
    )  # fmt: skip
    assert switching._interaction(value, players)[0, 1] == pytest.approx(expected)


def test_the_sick_image_is_the_patients_own_and_the_controls_twin(world):
    assert switching.sick(world[1]).tolist() == [False, True, False, True]


def test_effects_survive_storage(world, tmp_path):
    simulator, cohort = world
    model = Product(torch.ones(1), torch.ones(1), 0.0)
    found = switching.effects(model, simulator, cohort, torch.tensor([False, True]), (1, 0), 2)
    EFFECTS.write(tmp_path, found)
    for before, after in zip(found, EFFECTS.read(tmp_path, None, None), strict=True):
        torch.testing.assert_close(before, after, equal_nan=True, rtol=0, atol=0)
