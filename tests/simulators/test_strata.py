"""Strata of redraws: their chances are those of the simulator's law, and their draws follow it."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.stats import binom

from simulators.anatomy.phantom import Phantom
from simulators.brain import Brain
from simulators.intervene.redraw import disease, redraws
from simulators.intervene.strata import RAREST, _chance, _chosen, _present, _zones, stratified
from simulators.pathology.atrophy import Atrophy
from simulators.pathology.focal import Focal
from simulators.pathology.graded import GradedFocal
from simulators.pathology.lesion_load import LesionLoad
from simulators.pathology.rim import Rim
from simulators.pathology.several import Several
from simulators.pathology.white_matter_lesions import WhiteMatterLesions
from simulators.task.graded import Graded
from simulators.task.patterns import Patterns

SIDES = ("left hippocampus", "right hippocampus")
XOR = Patterns((((0, 0), (1, 1)), ((0, 1), (1, 0))))


def brain(pathology, **parts):
    return Brain(pathology, anatomy=Phantom(), amplitude=0.3, **parts)


BRAINS = {
    "fixed": brain(Atrophy(SIDES)),
    "one lesion": brain(Focal()),
    "many lesions": brain(WhiteMatterLesions()),
    "a load": brain(LesionLoad(count=8), task=Graded()),
    "a graded lesion": brain(GradedFocal(), task=Graded()),
    "two parts": brain(Several((Atrophy(SIDES[:1]), Atrophy(SIDES[1:])), (None, None)), task=XOR),
    "fixed and roaming": brain(
        Several((Atrophy(SIDES), Focal()), (None, 0.5)), task=Patterns((((0, 0), (0, 1)), ((1, 0), (1, 1))))
    ),
    "beside what all have": brain(
        Several((Atrophy(SIDES), WhiteMatterLesions()), (0.3, None)), task=Patterns((((1, 0),), ((1, 1),)))
    ),
    "everywhere": brain(Several((Atrophy(SIDES), Rim()), (None, 0.2)), task=XOR),
}


@pytest.mark.parametrize("name", BRAINS)
def test_chances_are_those_of_the_law(name):
    """As often as the stated chance, the pathology of a plain draw lies in a region.

    A count outside of binomial tails that would be left once in a hundred times over all regions of all brains; a
    chance below RAREST is given as 0, and one above 1 - RAREST as 1.
    """
    parts, draws = BRAINS[name].parts, 1500
    scene = BRAINS[name].scene(3, "evaluation")
    zones = [_zones(parts, scene, part) for part in parts.pathologies]
    chance = _chance(parts, scene, zones)
    counts = np.sum([_present(parts, zones, *disease(parts, scene, k)) for k in range(draws)], axis=0)
    least, most = np.where(chance == 1, 1 - RAREST, chance), np.where(chance == 0, RAREST, chance)
    tail = 0.01 / (2 * len(chance) * len(BRAINS))
    assert binom.cdf(counts, draws, least).min() > tail and binom.sf(counts - 1, draws, most).min() > tail
    assert chance.max() > 0


@pytest.mark.parametrize("name", ["fixed", "one lesion", "many lesions", "beside what all have"])
def test_half_of_a_regions_draws_have_the_pathology_there_where_both_may_be(name):
    made = BRAINS[name]
    found = made.strata(1, "evaluation", 8)
    mixed = (found.chances > 0).all(1)
    assert mixed.any()
    assert (found.strata.sum(1)[mixed] == 4).all()
    assert torch.equal(found.strata[~mixed], found.chances[~mixed].argmax(1)[:, None].expand(-1, 8))
    assert torch.allclose(found.chances.sum(1), torch.ones(len(found.chances)).double())


def test_what_every_subject_has_hides_no_rare_state():
    """Where all have atrophy, lesions are as rare there as without it, and stand for strata of their own."""
    names = list(BRAINS["fixed"].parts.names)
    chances = [BRAINS[name].strata(1, "evaluation", 8).chances[:, 1] for name in ("beside what all have", "fixed")]
    at = [names.index(side) for side in SIDES]
    assert (chances[0][at] > 0).all() and (chances[0][at] < 0.5).all() and (chances[1][at] == 0.5).all()
    zones = [
        _zones(BRAINS["beside what all have"].parts, BRAINS["beside what all have"].scene(1, "evaluation"), part)
        for part in BRAINS["beside what all have"].parts.pathologies
    ]
    assert not zones[0].any() and zones[1].any()


def test_without_rare_states_strata_are_plain_redraws():
    made = brain(GradedFocal(), task=Graded())
    parts, scene = BRAINS["everywhere"].parts, BRAINS["everywhere"].scene(1, "evaluation")
    assert {len(part.regions) for part in made.parts.pathologies} == {0}
    found, plain = stratified(parts, scene, 4), redraws(parts, scene, 4).unflatten(0, (-1, 4))
    single = (found.chances.max(1).values == 1).nonzero().flatten().tolist()
    images = found.images.unflatten(0, (-1, 4))
    assert all(torch.equal(images[region], plain[region]) for region in single)


def test_only_lesions_in_the_stratum_change_a_region_much():
    """A patient's lesion shows in the images of the stratum with it, and next to nothing of one in the other."""
    made = replace(BRAINS["one lesion"], amplitude=1.0)
    well = made.sample([0], "evaluation").images[0]
    found = made.strata(0, "evaluation", 8)
    size = (found.images - well).abs().flatten(1).amax(1).view(-1, 8).numpy()
    strata = found.strata.numpy()
    mixed = strata.any(1)
    inside = np.array([row[own == 1].max() for row, own in zip(size[mixed], strata[mixed], strict=True)])
    outside = np.array([row[own == 0].max() for row, own in zip(size[mixed], strata[mixed], strict=True)])
    assert np.median(inside) > 1.2 * np.median(outside)


def test_draws_are_the_first_of_each_kind_and_short_ones_are_filled():
    present = np.array([False, True, False, False, True, False])
    assert _chosen(present, 4).tolist() == [0, 2, 1, 4]
    assert _chosen(present[[0, 1, 2, 3, 5]], 4).tolist() == [0, 2, 3, 1]
    assert _chosen(~present, 4).tolist() == [1, 4, 0, 2]
    assert _chosen(np.zeros(6, bool), 4).tolist() == [0, 1, 2, 3]
    assert _chosen(np.ones(6, bool), 4).tolist() == [0, 1, 2, 3]
