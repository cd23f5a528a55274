"""Exact answers of known mechanisms, and the estimators of `use`, `off`, `on`, Shapley values and pairs beside them."""

from dataclasses import replace
from itertools import product

import known_networks as known
import numpy as np
import pytest
import torch
from known_networks import NAMES, REGIONS, exact_use, fitted, images

from bench.contracts import Attribution, Cohort, Redraws
from bench.stages import switching
from bench.stages.enumeration import between, exact_shapley, exact_slopes, population_game
from bench.stages.judging import share_wrong, shares_wrong
from bench.stages.redraw import redraws_of
from bench.stages.use import use
from methods.gradients import Gradient, GradientXInput
from methods.oracles import Oracle
from methods.paths import IntegratedGradients
from methods.region_occlusion import RegionOcclusion
from methods.shapley import Shapley
from simulators.anatomy.mni152 import MNI152
from simulators.anatomy.shape import Shape
from simulators.brain import Brain
from simulators.pathology.atrophy import Atrophy
from simulators.pathology.several import Several
from simulators.task.patterns import Patterns

FIRST, SECOND, THIRD = "left hippocampus", "right insula", "left superior frontal gyrus"
CASES = [[], [FIRST], [SECOND], [FIRST, SECOND], [FIRST, SECOND, THIRD]]


def own(name, ill):
    """A network and the readings of subjects who are ill in the regions named."""
    model = fitted(name)
    return model, model.readings(images(ill))


@pytest.mark.parametrize("name", NAMES)
def test_shapley_values_share_the_whole_difference(name):
    model, q = own(name, CASES)
    for game in (population_game(model, q), between(model, q, 0 * q)):
        ends = [game(torch.full((q.shape[1],), on)) for on in (True, False)]
        torch.testing.assert_close(exact_shapley(game, q.shape[1]).sum(1), ends[0] - ends[1])


def test_expected_scores_are_those_of_a_loop_over_all_states():
    model, q = own("known_gate", [[FIRST, SECOND]])
    states = model.states.double().T.tolist()
    for first, second in ((True, False), (False, True), (False, False)):
        kept = [[q[0, p].item()] if present else states[p] for p, present in enumerate((first, second))]
        scores = [model.score(torch.tensor([pair]).double()).item() for pair in product(*kept)]
        assert population_game(model, q)(torch.tensor([first, second])).item() == pytest.approx(np.mean(scores))


def test_the_subjects_own_parts_count_and_not_the_populations():
    """Against a well brain, whose score is 0. OR: each ill region an equal share, whichever they are."""
    ill = [[FIRST], [SECOND], [FIRST, SECOND], [FIRST, SECOND, THIRD], [THIRD]]
    model, q = own("known_or", ill)
    found = exact_shapley(between(model, q, model.readings(images([[]])).expand_as(q)), 3)
    wanted = [[1, 0, 0], [0, 1, 0], [1 / 2, 1 / 2, 0], [1 / 3] * 3, [0, 0, 1]]
    torch.testing.assert_close(found, torch.tensor(wanted).double(), rtol=0, atol=1e-6)
    # of two ill regions neither is needed: whichever is redrawn, the other keeps the score
    assert exact_use(model, q)[2].abs().max() < 1e-9 < exact_use(model, q)[0, 0]
    model, q = own("known_and", ill[:3])
    found = exact_shapley(between(model, q, model.readings(images([[]])).expand_as(q)), 2)
    torch.testing.assert_close(found, torch.tensor([[0, 0], [0, 0], [1 / 2, 1 / 2]]).double(), rtol=0, atol=1e-9)
    assert (exact_use(model, q)[2] > 0.3).all(), "of two that must be ill both are used"
    model, q = own("known_xor", ill[:3])
    found = exact_use(model, q)
    assert found[0, 0] > 0.3 and found[1, 1] > 0.3 and (found[2] < -0.3).all(), "two ill regions make a well subject"


def test_a_region_that_is_well_counts_where_absence_does():
    model, q = own("known_negative", [[FIRST], [FIRST, SECOND]])
    found = exact_shapley(population_game(model, q), 2)
    assert found[0, 1] > 0.1 and found[1, 1] < -0.1


@pytest.mark.parametrize("name", ["known_decoys", "known_cancelled"])
def test_decoys_have_no_part(name):
    model, q = own(name, CASES)
    for values in (
        exact_use(model, q),
        exact_shapley(population_game(model, q), 3),
        exact_slopes(model, images(CASES)),
    ):
        assert not values[:, 1:].any()


def test_slopes_are_finite_differences():
    for name in NAMES:
        model, x = fitted(name), images(CASES)
        for part, wanted in enumerate(exact_slopes(model, x).T):
            moved = [model.score(model.readings(x + step * model.voxels[part])) for step in (1e-6, -1e-6)]
            torch.testing.assert_close((moved[0] - moved[1]) / 2e-6, wanted, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_methods_of_regions_are_the_enumeration(name):
    """`shapley` and `region_occlusion` of the network itself equal those of its formula on readings."""
    model, x = fitted(name), images(CASES)
    context, covered = known.context(len(x)), model.readings(0 * x)
    game = between(model, model.readings(x), covered)
    everyone = torch.ones(len(model.parts), dtype=torch.bool)
    falls = torch.stack([game(everyone) - game(w) for w in ~torch.eye(len(model.parts), dtype=torch.bool)], 1)
    for method, wanted in ((Shapley(), exact_shapley(game, len(model.parts))), (RegionOcclusion(), falls)):
        found = method(model, x, (1, 0), context).flatten(1) @ model.voxels.flatten(1).double().T
        torch.testing.assert_close(found, wanted, rtol=0, atol=1e-6)


TEMPLATE = MNI152(shape=Shape(size=0, aspect=0, ventricles=0.03, field_mm=0.5, shift_mm=0.3, rotation_deg=0.4))


@pytest.fixture(scope="module")
def world():
    """A brain whose patients carry two of three parts, and its explained subjects."""
    parts = tuple(Atrophy((name,), edge_mm=0.0) for name in (FIRST, SECOND, THIRD))
    task = Patterns((((0, 0, 0),), ((1, 1, 0), (1, 0, 1), (0, 1, 1))))
    simulator = Brain(Several(parts, (None,) * 3), TEMPLATE, amplitude=0.4, task=task)
    return simulator, simulator.cohort(range(6), "evaluation")


def of_brain(name, simulator):
    """A known network on the regions of a brain."""
    node = known.OmegaConf.to_container(known.OmegaConf.load(known.CONF / f"{name}.yaml"))
    model = known.architecture({**node, "parts": node["parts"][: 2 if len(node["parts"]) == 2 else 3]}, simulator, ())()
    model.fit(simulator.sample(range(40), "train"), None, torch.Generator())
    return model.eval()


@pytest.mark.parametrize("name", ["known_sum", "known_or", "known_and", "known_xor", "known_gate", "known_maximum"])
def test_effects_are_those_of_rendered_states_by_the_formula(world, name):
    """`off`, `on`, Shapley values and pairs, from every state of the three parts, each rendered by name."""
    simulator, cohort = world
    model, row = of_brain(name, simulator), 1
    found = switching.effects(model, simulator, cohort.take(torch.tensor([row])), torch.tensor([True]), (1, 0), 3)
    places = [simulator.region_names.index(region) for region in (FIRST, SECOND)]
    value = {}
    for state in product((False, True), repeat=2):
        do = {"pathology": "off", "regions": {r: "on" for r, on in zip((FIRST, SECOND), state, strict=True) if on}}
        value[state] = model.score(model.readings(simulator.sample([row], "evaluation", do).images)).item()
    none, first, second, both = (value[s] for s in ((False, False), (True, False), (False, True), (True, True)))
    wanted = {
        "off": (both - second, both - first),
        "on": (first - none, second - none),
        "shapley": ((both - second + first - none) / 2, (both - first + second - none) / 2),
    }
    for truth, values in wanted.items():
        assert getattr(found, truth)[0, places].tolist() == pytest.approx(values, abs=2e-3), truth
    pair = both - first - second + none
    assert found.interaction[0, places[0], places[1]].item() == pytest.approx(pair, abs=2e-3)
    assert found.elsewhere[0].item() == pytest.approx(0, abs=2e-3)


def attribution_of(method, model, x):
    return Attribution.of(method(model, x, (1, 0), known.context(len(x))))


@pytest.mark.parametrize("wrapping", known.WRAPPINGS)
def test_exact_methods_on_a_sum_are_right(wrapping):
    model, x = fitted("known_sum", wrapping), images(CASES)
    for method in (Gradient(), GradientXInput(), IntegratedGradients(4), IntegratedGradients(4, baseline="mean")):
        own = shares_wrong(model, x, attribution_of(method, model, x), method.tags)["own"]
        assert own.max() < 1e-6
    flipped = Attribution(-attribution_of(Gradient(), model, x).map)
    torch.testing.assert_close(
        shares_wrong(model, x, flipped, Gradient.tags)["own"], torch.ones(len(x)).double(), rtol=0, atol=1e-6
    )


def test_a_gradient_that_says_nothing_is_right_about_a_flat_score_and_tells_no_region():
    model, x = fitted("known_or"), images([[FIRST, SECOND], [FIRST], [SECOND]])
    found = shares_wrong(model, x, attribution_of(Gradient(), model, x), Gradient.tags)
    assert found["own"].tolist() == [0, 0, 0] and found["subject"].tolist() == [1, 1, 1]
    noise = Attribution(torch.ones_like(x))
    assert shares_wrong(model, x, noise, Gradient.tags)["own"].tolist() == [1, 1, 1]


def test_of_a_slope_beside_two_images_nobody_knows_which_regions_count():
    """Between one other image there is no spread to weigh it by; of its derivative all is known."""
    model, x = fitted("known_sum"), images([[FIRST], [FIRST, SECOND]])
    found = shares_wrong(model, x, attribution_of(Gradient(), model, x), Gradient.tags)
    assert found["subject"].isnan().all() and found["own"].max() < 1e-6


def test_the_share_that_is_wrong_has_no_scale_and_counts_what_lies_elsewhere():
    answer = torch.tensor([[3.0, -1.0]])
    for found, wanted in (
        ([6.0, -2.0, 0.0], 0),
        ([6.0, 2.0, 0.0], 1 / 4),
        ([3.0, -1.0, 4.0], 1 / 2),
        ([0.0, 0.0, 1.0], 1),
        ([0.0, 0.0, 0.0], 1),
    ):
        assert share_wrong(torch.tensor([found]).double(), answer, empty=True).item() == pytest.approx(wanted)
    assert share_wrong(torch.ones(1, 3).double(), 0 * answer, empty=False).isnan().all()
    assert share_wrong(torch.zeros(1, 3).double(), 0 * answer, empty=True).item() == 0


class States:
    """A world in which a region is well or ill and nothing else: a third of all regions is ill."""

    def __init__(self, own, strata):
        self.own, self.separate = own, strata
        self.well, self.ill = images([[]]).float()[0], images([REGIONS]).float()[0]

    def strata(self, subject, stream, draws):
        """Each state a stratum of its chance, or draws as they come."""
        ill = torch.arange(draws).expand(len(REGIONS), -1) % 2 == 1
        if not self.separate:
            ill = torch.rand(ill.shape, generator=torch.Generator().manual_seed(subject)) < 1 / 3
        places = [label == known.ATLAS for label in range(1, 1 + len(REGIONS))]
        redraws = [
            torch.where(place, self.ill if is_ill else self.well, self.own[subject])
            for place, row in zip(places, ill.tolist(), strict=True)
            for is_ill in row
        ]
        if not self.separate:
            return Redraws.plain(torch.stack(redraws), draws)
        return Redraws(
            torch.stack(redraws), ill.long(), torch.tensor([[2 / 3, 1 / 3]]).double().repeat(len(REGIONS), 1)
        )


@pytest.mark.parametrize("name", NAMES)
def test_use_is_the_enumeration_of_states(name):
    """Exact where each state is a stratum, within its stated error where states are drawn; 0 for what is not read."""
    own = images(CASES).float()
    model = fitted(name, dtype=torch.float32)
    places = [REGIONS.index(part) for part in model.parts]
    regions = known.context(len(own)).regions
    cohort = Cohort(own, torch.zeros(len(own)), torch.arange(len(own)), regions=regions, region_names=REGIONS)
    world = States(own, strata=True)
    model.states = model.readings(torch.stack([world.well, world.well, world.ill])).float()
    exact = exact_use(model, model.readings(own))
    found = use(model, redraws_of(world, cohort, 4), cohort, (1, 0))
    torch.testing.assert_close(found.regions[:, places].double(), exact, rtol=0, atol=1e-3)
    others = [place for place in range(len(REGIONS)) if place not in places]
    assert not found.regions[:, others].any()
    drawn = use(model, redraws_of(States(own, strata=False), cohort, 60), cohort, (1, 0))
    missed = (drawn.regions[:, places].double() - exact).abs()
    assert (missed <= 2 * drawn.floor[:, places] + 1e-3).all(), "no further off than four standard errors"
    assert (missed <= drawn.floor[:, places] + 1e-3).double().mean() > 0.75, "two of them hold most"
    shown = Oracle("use")(model, own, (1, 0), replace(known.context(len(own)), truths={"use": found}))
    masses = shown.flatten(1).double() @ model.voxels.flatten(1).double().T
    torch.testing.assert_close(masses, exact, rtol=0, atol=1e-3)
