"""Gates against maps that know the place of disease from the training images and take a little from the gradient.

A verdict is that of a sanity metric: by where the 95 % interval over five data seeds lies. Which gate tells a blend
depends on the place of disease, and what none can tell is said here, too.
"""

from dataclasses import dataclass
from functools import cache

import blends
import numpy as np
import pytest
import torch

from bench.report.statistics.intervals import mean_estimate
from metrics.overlap import CalibratedAP

AP = CalibratedAP()
METHODS = {
    "gradient": lambda world: world.gradient,
    "product": blends.product,
    "sum": blends.total,
    "template plus noise": blends.noisy_template,
    "hiding template": blends.hiding_template,
}
MOVING, FIXED = True, False
#: stray weights at which the gradient finds next to nothing
POOR = 0.06


@dataclass
class Models:
    maps: torch.Tensor
    untrained: torch.Tensor
    init_seeds: tuple = (0,)
    untrained_seeds: tuple = (0,)
    uses: tuple = ()


@cache
def worlds(moving, stray=blends.STRAY):
    return [blends.world(seed, moving, stray) for seed in range(blends.SEEDS)]


def values(metric, method, moving, stray=blends.STRAY):
    """(1, D, I) values of the patients of all worlds."""
    found = []
    for world in worlds(moving, stray):
        maps = METHODS[method](world)
        if metric is AP:
            row = AP.map(maps.trained, world.truth, world.context)
        elif metric.tags.kind == "group":
            row = metric.group(maps.trained, world.truth, ["TP"] * blends.PATIENTS, None, world.context)[""]
        else:
            models = Models(maps.trained[None], maps.untrained[None], uses=(world.use,))
            row = metric.compare(models, world.context)[""][0]
        found.append(row.numpy())
    return np.array(found, float)[None]


def verdict(metric, method, moving, stray=blends.STRAY):
    low, high = (end[0] for end in mean_estimate(values(metric, method, moving, stray)).interval())
    return "passed" if low > 0 else "failed" if high <= 0 else "unclear"


def lead(one, other, moving, stray=blends.STRAY):
    """The 95 % interval by which a method's mean exceeds another's."""
    found = mean_estimate(values(AP, one, moving, stray) - values(AP, other, moving, stray))
    return [end[0] for end in found.interval()]


@pytest.fixture
def individual(shipped):
    return shipped("individual_share")


@pytest.fixture
def learned(shipped):
    return shipped("learned_share")


@pytest.mark.parametrize("moving", [MOVING, FIXED])
def test_the_gradient_passes_where_it_should(individual, learned, moving):
    assert verdict(learned, "gradient", moving) == "passed"
    if moving:
        assert verdict(individual, "gradient", moving) == "passed"


@pytest.mark.parametrize("name", ["individual_gain", "learned_gain", "learned_gain_use"])
@pytest.mark.parametrize("method", ["product", "sum"])
def test_blends_pass_the_gates_of_gain(shipped, name, method):
    assert verdict(shipped(name), method, MOVING) == "passed"


def test_where_the_place_is_fixed_blends_owe_most_of_their_score_to_no_training(learned):
    for method in ("product", "sum", "template plus noise"):
        assert verdict(learned, method, FIXED) == "failed"


def test_where_places_move_a_sum_has_its_score_from_the_template(individual, learned):
    for method in ("sum", "template plus noise"):
        assert verdict(individual, method, MOVING) == "failed"
        assert verdict(learned, method, MOVING) != "passed"


def test_where_the_place_is_fixed_nobody_can_tell_a_map_of_one_subject_from_a_template(individual):
    """Other patients' maps are as good as the own one for the gradient, the blends and the truth itself."""
    for method in METHODS:
        assert verdict(individual, method, FIXED) == "failed"
    for world in worlds(FIXED):
        strata = ["TP"] * blends.PATIENTS
        assert individual.group(world.truth.volume, world.truth, strata, None, world.context)[""].max() < 0


def test_a_gradient_weighted_by_an_empty_template_is_the_gradient_and_no_better(shipped, learned):
    """Where places move a product passes as the gradient does, and is not shown to be above it."""
    assert verdict(shipped("individual_share"), "product", MOVING) == verdict(learned, "product", MOVING) == "passed"
    assert lead("product", "gradient", MOVING)[0] < 0


def test_a_product_that_leads_a_poor_gradient_is_not_shown_to_be_of_the_subject(individual):
    assert lead("product", "gradient", MOVING, stray=POOR)[0] > 0
    assert verdict(individual, "product", MOVING, stray=POOR) != "passed"


def test_a_template_that_hides_until_a_model_has_learnt_is_told_where_places_move_and_there_alone(shipped, individual):
    learned = shipped("learned_share")
    assert verdict(learned, "hiding template", FIXED) == verdict(learned, "hiding template", MOVING) == "passed"
    assert verdict(individual, "hiding template", MOVING) == "failed"


def test_a_template_plus_noise_never_ranks_above_a_real_method_where_places_move():
    for world in worlds(MOVING):
        real, fake = (
            AP.map(METHODS[name](world).trained, world.truth, world.context).mean()
            for name in ("gradient", "template plus noise")
        )
        assert fake < real
    assert lead("gradient", "template plus noise", MOVING)[0] > 0
