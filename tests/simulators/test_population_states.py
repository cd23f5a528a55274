"""What the population differs by: the pathology of the label, at the rates of the two sides, and nothing beside it."""

import numpy as np
import pytest
import torch
from omegaconf import OmegaConf
from renders import render

from bench.config.build import build
from bench.config.compose import CONF
from simulators.brain import Brain
from simulators.pathology.atrophy import Atrophy
from simulators.pathology.several import Several
from simulators.task.graded import Graded
from simulators.task.patterns import Patterns
from simulators.task.residual import Residual
from simulators.task.shortcut import Shortcut
from simulators.truths import observer
from simulators.truths.population import STREAM, couples, ends, exchanged

REGIONS = ("left fusiform gyrus", "right precuneus", "right precentral gyrus")


def _brain(task, parts):
    atrophies = tuple(Atrophy((region,), severity_sd=0.0, edge_mm=0.0) for region in REGIONS[:parts])
    return Brain(Several(atrophies, (None,) * parts), task=task, amplitude=0.5)


def _shipped(name):
    return build(OmegaConf.to_container(OmegaConf.load(CONF / f"simulator/task/{name}.yaml")))


def _associated(brain, pairs=30):
    values = brain.population((0, 1), "evaluation", pairs)["association"].regions[0].tolist()
    return {name for name, value in zip(brain.region_names, values, strict=True) if value}


VALUES = [p.stem for p in sorted((CONF / "simulator/task").glob("*.yaml")) if "cause" not in OmegaConf.load(p)]
VALUES = [name for name in VALUES if _shipped(name).labels.kind == "regression"]


@pytest.mark.parametrize("marked", [False, True])
@pytest.mark.parametrize("name", VALUES)
def test_the_ends_of_a_value_differ_by_its_causes_alone(name, marked):
    task = _shipped(name)
    parts = len(task.strength(0, {}, STREAM)) if name == "residual" else 1
    brain = _brain(Shortcut(task) if marked else task, parts + marked)
    for subject in range(4):
        low, high = ends(brain.parts, brain.scene(subject, STREAM))
        assert low[0] < high[0]
        assert low[1:] == high[1:]


def test_all_shipped_tasks_of_values_are_among_them():
    assert set(VALUES) == {"age", "lesion_load", "residual", "severity"}


@pytest.mark.parametrize(
    "task", [Residual(), pytest.param(Shortcut(Graded()), marks=pytest.mark.full)], ids=["suppressor", "marker"]
)
def test_only_the_region_that_a_value_is_made_of_is_associated(task):
    assert _associated(_brain(task, 2)) == {REGIONS[0]}


@pytest.mark.full
def test_subjects_on_neither_side_are_no_part_of_the_population():
    """Of three classes, the third alone has the third region, which the contrast of the others is silent about."""
    brain = _brain(Patterns((((0, 0, 0),), ((1, 1, 0),), ((0, 1, 1),))), 3)
    assert _associated(brain) == set(REGIONS[:2])
    assert len(list(couples(brain.parts, 5))) == 5
    well, sick = exchanged(brain.parts, 8)
    changed = (well != sick).any((0, 2))
    assert {name for name, own in zip(brain.region_names, changed, strict=True) if own} == set(REGIONS[:2])


@pytest.mark.parametrize(
    "patterns, rate",
    [
        ((((0, 0), (1, 1)), ((1, 0), (0, 1))), 0.0),
        ((((0, 0), (1, 0), (0, 1)), ((1, 1),)), 2 / 3),
        ((((0, 0),), ((1, 0), (0, 1), (1, 1))), 2 / 3),
    ],
    ids=["XOR", "AND", "OR"],
)
def test_parts_are_as_frequent_as_on_their_side(patterns, rate):
    """Both sides have both parts at the rates of their patterns: a mean differs by the effect times that of the rates.

    With its patients healed to (0, 0), controls of XOR would have each part half as often as patients.
    """
    brain = _brain(Patterns(patterns), 2)
    well, sick = exchanged(brain.parts, 48)
    at = [brain.region_names.index(region) for region in REGIONS[:2]]
    scenes = [brain.scene(subject, STREAM) for subject in range(48)]
    inside = [[scene.warped.labels == r + 1 for r in at] for scene in scenes]
    off, on = (np.stack([render(brain, s, state) for s in scenes]) for state in ((0.0, 0.0), (1.0, 1.0)))
    effect = np.mean([[(b - a)[m].mean() for m in masks] for a, b, masks in zip(off, on, inside, strict=True)], 0)
    np.testing.assert_allclose((sick - well).mean(0)[at, 0] / effect, rate, atol=0.08)


def test_no_mean_differs_in_xor_but_what_goes_together_does():
    brain = _brain(Patterns((((0, 0), (1, 1)), ((1, 0), (0, 1)))), 2)
    well, sick = (group[..., 0] for group in exchanged(brain.parts, 200))
    assert np.abs(observer._moments(well, sick)[0]).max() < 0.1
    quadratic = observer.quadratic_shares(well, sick, orders=4)
    assert {brain.region_names[r] for r in quadratic.argsort()[-2:]} == set(REGIONS[:2])


@pytest.mark.full
def test_the_fewest_pairs_leave_no_hole_in_the_association_of_voxels():
    brain = Brain(Atrophy(("left hippocampus", "right hippocampus")), amplitude=0.22)
    volume, cohort = brain.population((0, 1), "evaluation", 30)["association"].volume, brain.cohort((0, 1))
    hippocampi = [brain.region_names.index(f"{side} hippocampus") + 1 for side in ("left", "right")]
    inside = torch.isin(cohort.regions, torch.tensor(hippocampi)) & cohort.domain
    assert (volume[inside] != 0).all()
    assert volume[~cohort.domain].abs().max() == 0
