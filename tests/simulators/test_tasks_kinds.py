"""Several classes, subtypes, severities and residuals: labels follow from states, twins differ in what is explained."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from renders import loss

from bench.contracts import BadInput
from simulators.brain import Brain
from simulators.contrast import Contrast
from simulators.pathology.atrophy import Atrophy
from simulators.pathology.lesion_load import LesionLoad
from simulators.pathology.several import Several
from simulators.task.graded import Graded
from simulators.task.kinds import beside, even
from simulators.task.patterns import Patterns
from simulators.task.residual import Residual
from simulators.task.subtypes import Subtypes

PLACES = ("left fusiform gyrus", "right fusiform gyrus", "left precentral gyrus")
THREE = Several(tuple(Atrophy((place,)) for place in PLACES), (None, None, None))
TWO = Several(THREE.parts[:2], (None, None))
DEMENTIA = Patterns(classes=(((0, 0, 0),), ((1, 1, 0),), ((0, 1, 1),)), target=(1, 0))
SUBTYPES = Subtypes(patterns=((1, 0), (0, 1), (0, 0)), shares=(85, 10, 5))


def test_classes_follow_each_other_and_carry_their_patterns():
    assert [DEMENTIA.label(s) for s in range(6)] == [0, 1, 2, 0, 1, 2]
    for subject in range(12):
        (own,) = DEMENTIA.classes[DEMENTIA.label(subject)]
        assert DEMENTIA.strength(subject, {}, "train") == own


def test_twins_of_a_pair_have_the_others_pattern_and_further_classes_are_healed():
    swapped = [DEMENTIA.strength(s, {"pathology": "swap"}, "train") for s in range(3)]
    assert swapped == [(1, 1, 0), (0, 0, 0), (0, 0, 0)]
    other = Patterns(DEMENTIA.classes, target=(2, 1))
    assert [other.strength(s, {"pathology": "swap"}, "train") for s in (1, 2)] == [(0, 1, 1), (1, 1, 0)]
    assert [other.labels.side(c) for c in range(3)] == [-1, 0, 1]


def test_truths_of_every_class_show_what_its_pathology_does():
    """Atrophy darkens, so a control's truth is its twin minus itself, and that of all others own minus twin."""
    brain = Brain(THREE, task=DEMENTIA, amplitude=0.4)
    cohort = brain.cohort(range(6))
    assert cohort.targets.dtype == torch.int64
    assert brain.sides(cohort.targets).tolist() == [0, 1, -1] * 2
    change, planted = (cohort.truths[name].volume.flatten(1).sum(1) for name in ("counterfactual", "planted"))
    assert (change < 0).all() and (planted < 0).all()
    gyrus = cohort.regions == brain.region_names.index("left precentral gyrus") + 1
    shown = [cohort.truths["counterfactual"].volume[s][gyrus[s]].abs().sum().item() for s in range(3)]
    assert shown[2] > 100 * max(shown[:2])


def test_subtypes_have_their_shares_and_some_patients_look_like_controls():
    found = [SUBTYPES.strength(s, {}, "train") for s in range(1, 4001, 2)]
    shares = [found.count(pattern) / len(found) for pattern in SUBTYPES.patterns]
    assert shares == pytest.approx([0.85, 0.10, 0.05], abs=0.002)
    assert all(SUBTYPES.strength(s, {}, "train") == (0, 0) for s in range(0, 100, 2))


def test_twins_of_subtypes_carry_nothing_or_what_shows():
    assert all(SUBTYPES.strength(s, {"pathology": "swap"}, "train") == (0, 0) for s in range(1, 400, 2))
    assert all(any(SUBTYPES.strength(s, {"pathology": "swap"}, "train")) for s in range(0, 400, 2))
    assert SUBTYPES.strength(1, {"strength": 0.5}, "train") == (0.5, 0)


def test_the_ceiling_is_the_auc_of_an_observer_who_misses_nothing_that_shows():
    assert SUBTYPES.labels.ceiling == pytest.approx(0.975)
    with pytest.raises(BadInput, match=r"at most 0\.975"):
        Brain(TWO, task=SUBTYPES, separability=0.98)


def test_even_numbers_fill_the_square_and_alternate_around_one_half():
    """Star discrepancy of the pairs far below that of random numbers (about 0.03 at this count)."""
    points = np.array([(even(s), beside(s)) for s in range(2000)])
    assert ((points[:, 0] > 0.5) == np.arange(2000) % 2).all()
    corners = np.linspace(0.05, 1, 20)
    gaps = [abs((points < (a, b)).all(1).mean() - a * b) for a in corners for b in corners]
    assert max(gaps) < 0.01
    assert abs(np.corrcoef(points.T)[0, 1]) < 0.01


def test_severity_is_the_label_on_its_scale_and_twins_are_the_mean_subject():
    task = Graded(low=45, high=85)
    strengths = np.array([task.strength(s, {}, "train") for s in range(200)])
    labels = np.array([task.label(s) for s in range(200)])
    np.testing.assert_allclose(labels, 45 + 40 * strengths)
    assert labels.mean() == pytest.approx(65, abs=0.3)
    assert [task.labels.side(label) for label in labels] == (strengths > 0.5).astype(int).tolist()
    assert {task.strength(s, {"pathology": "swap"}, "train") for s in range(9)} == {0.5}
    assert {task.strength(s, {"pathology": "off"}, "train") for s in range(9)} == {0.0}


def test_truths_of_a_value_are_own_minus_mean():
    brain = Brain(THREE, task=Graded(), amplitude=0.4)
    cohort = brain.cohort(range(4))
    assert cohort.targets.dtype == torch.float32
    assert (brain.target, brain.outputs, brain.kind) == (0, 1, "regression")
    assert torch.equal(cohort.truths["counterfactual"].volume, cohort.images - cohort.twins)
    change = cohort.truths["counterfactual"].volume.flatten(1).sum(1)
    assert (torch.sign(change) == torch.sign(0.5 - cohort.targets)).all()


def test_lesions_of_a_smaller_load_are_among_those_of_a_larger_one():
    flair = Contrast(gm=0.58, wm=0.48, csf=0.12, lesion=1.0, spread=0.02, detail=-0.3)
    brain = Brain(LesionLoad(count=12), contrast=flair, task=Graded(high=12), amplitude=0.5)
    scene = brain.scene(1, "test")
    losses = [loss(brain, scene, strength) for strength in (0.0, 0.25, 0.3, 0.5, 1.0)]
    assert losses[0].sum() == 0
    for less, more in pairwise(losses):
        assert (more - less).min() >= -1e-6 and more.sum() > less.sum()
    peak = losses[1].argmax()
    assert losses[4].flat[peak] == pytest.approx(losses[1].flat[peak], rel=0.2)


def test_a_residual_is_told_by_the_parts_together_and_goes_with_the_first_alone():
    task = Residual(others=1, shared=0.5)
    states = np.array([task.strength(s, {}, "train") for s in range(1000)])
    labels = np.array([task.label(s) for s in range(1000)])
    np.testing.assert_allclose((states[:, 0] - 0.5 * states[:, 1]) / 0.5, labels)
    correlations = np.corrcoef(np.column_stack([states, labels]).T)
    assert abs(correlations[1, 2]) < 0.01
    assert correlations[0, 2] == pytest.approx(2**-0.5, abs=0.02) == correlations[0, 1]


def test_the_truth_of_a_residual_lies_in_its_region():
    brain = Brain(TWO, task=Residual(), amplitude=0.4)
    change = brain.cohort([3]).truths["counterfactual"].volume[0, 0]
    left, _ = change.split(change.shape[0] // 2)
    assert left.abs().sum() > 0.99 * change.abs().sum() > 0


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Patterns(classes=(((0,),),)), "two or more classes"),
        (lambda: Patterns(classes=(((0,),), ())), "one or more patterns"),
        (lambda: Patterns(classes=(((0,),), ((1, 0),))), "of one length"),
        (lambda: Patterns(DEMENTIA.classes, target=(3, 0)), r"Patterns\.target=\[3, 0\]"),
        (lambda: Patterns(DEMENTIA.classes, target=(1, 1)), "two different classes"),
        (lambda: Subtypes(patterns=((0, 0),), shares=(1,)), "one at least with a 1"),
        (lambda: Subtypes(patterns=((1, 0),), shares=(1, 2)), r"Subtypes\.shares"),
        (lambda: Brain(THREE, task=SUBTYPES), "match them"),
        (lambda: Graded(low=2, high=1), "growing scale"),
        (lambda: Brain(THREE, task=Residual(others=1)), r"Residual\.others=1 is not possible: give 2"),
        (lambda: Graded().strength(0, {"pathology": "of"}, "train"), "intervention"),
        (lambda: Residual().strength(0, {"parts": (1,)}, "train"), "intervention"),
        (lambda: SUBTYPES.strength(0, {"marker": "on"}, "train"), "intervention"),
    ],
)
def test_impossible_tasks_are_one_sentence(make, says):
    with pytest.raises(BadInput, match=says) as error:
        make()
    assert "\n" not in str(error.value)
