"""What is not disease has truths of its own, where a task has it and nowhere else; edits pass cues by."""

import numpy as np
import pytest
import torch

from bench.contracts import BadInput
from bench.contracts.validity import Validity
from simulators.brain import Brain
from simulators.coupling import Coupled, Coupling
from simulators.covariates import Covariate
from simulators.pathology.atrophy import Atrophy
from simulators.pathology.focal import Focal
from simulators.pathology.marker import Marker
from simulators.pathology.rim import Rim
from simulators.pathology.several import Several
from simulators.task.confounded import Confounded
from simulators.task.graded import Graded
from simulators.task.patterns import Patterns
from simulators.task.residual import Residual
from simulators.task.shortcut import Shortcut
from simulators.task.single import SingleCause
from simulators.truths.not_disease import ABSENT

LEFT, RIGHT = Atrophy(("left fusiform gyrus",)), Atrophy(("right fusiform gyrus",))
SPOT = Marker("right occipital white matter")
DISTRACTOR = Patterns((((0, 0), (0, 1)), ((1, 0), (1, 1))))
AND = Patterns((((0, 0), (1, 0), (0, 1)), ((1, 1),)))
SEX = Covariate("sex", 1.0, {"shape.size": 0.02}, "binary")
SUBJECTS = range(8)


def coupled(*pairs, correlation=0.5):
    return Coupled(coupled=tuple(Coupling(a, b, correlation, 0.06) for a, b in pairs))


BRAINS = {
    "single": Brain(LEFT, amplitude=0.4),
    "distractor": Brain(Several((LEFT, Focal()), (None, 0.5)), task=DISTRACTOR, amplitude=0.4),
    "marker": Brain(Several((LEFT, SPOT), (None, 0.3)), task=Shortcut(SingleCause()), amplitude=0.4),
    "rim": Brain(Several((LEFT, Rim()), (None, 0.2)), task=Shortcut(SingleCause()), amplitude=0.4),
    "marked distractor": Brain(
        Several((LEFT, Focal(), SPOT), (None, 0.5, 0.3)), task=Shortcut(DISTRACTOR), amplitude=0.4
    ),
    "confounded": Brain(Several((LEFT, Focal()), (None, 0.5)), task=Confounded(DISTRACTOR, (SEX,)), amplitude=0.4),
    "residual": Brain(Several((LEFT, RIGHT), (None, None)), task=Residual(), amplitude=0.4),
    "coupled": Brain(LEFT, local=coupled(("left fusiform gyrus", "left precuneus")), amplitude=0.4),
    "both diseased": Brain(
        Atrophy(("left fusiform gyrus", "left precuneus")),
        local=coupled(("left fusiform gyrus", "left precuneus"), ("left thalamus", "right thalamus")),
        amplitude=0.4,
    ),
}
PRESENT = {
    "single": set(),
    "distractor": {"distractor"},
    "marker": {"cue"},
    "rim": {"cue"},
    "marked distractor": {"distractor", "cue"},
    "confounded": {"distractor"},
    "residual": {"suppressor"},
    "coupled": {"suppressor"},
    "both diseased": set(),
}


@pytest.mark.parametrize("name", BRAINS)
def test_a_truth_exists_or_the_matrix_says_why_not(name):
    brain = BRAINS[name]
    truths, told = brain.cohort([0, 1]).truths, Validity.of(brain).undefined
    assert set(truths) & set(ABSENT) == PRESENT[name]
    assert set(told) & set(ABSENT) == set(ABSENT) - PRESENT[name]
    assert ("edit" in truths) != ("edit" in told)


@pytest.mark.parametrize("name", ["distractor", "marked distractor", "confounded"])
def test_a_distractor_is_what_the_image_loses_with_it(name):
    """The slow twin: the same subject drawn with its parts set by hand."""
    brain = BRAINS[name]
    cohort = brain.cohort(SUBJECTS)
    for subject in SUBJECTS:
        own = DISTRACTOR.pattern(subject)
        without = brain.sample([subject], "evaluation", {"parts": (own[0], 0)}).images[0]
        change = cohort.truths["distractor"].volume[subject]
        assert torch.equal(change, cohort.images[subject] - without)
        assert bool(change.any()) == bool(own[1])


@pytest.mark.parametrize("name", ["marker", "rim", "marked distractor"])
def test_a_cue_is_what_the_image_loses_with_the_marker(name):
    brain = BRAINS[name]
    cohort = brain.cohort(SUBJECTS)
    without = brain.sample(SUBJECTS, "evaluation", {"marker": "off"}).images
    assert torch.equal(cohort.truths["cue"].volume, cohort.images - without)
    carried = [brain.task.marker(s, "evaluation") for s in SUBJECTS]
    assert cohort.truths["cue"].volume.flatten(1).any(1).float().tolist() == carried
    assert 0 < sum(carried) < len(carried)


@pytest.mark.parametrize(("name", "region"), [("residual", "right fusiform gyrus"), ("coupled", "left precuneus")])
def test_a_suppressor_is_its_region(name, region):
    brain = BRAINS[name]
    cohort = brain.cohort([0, 1])
    inside = (cohort.regions == brain.region_names.index(region) + 1) & cohort.domain
    truth = cohort.truths["suppressor"]
    assert torch.equal(truth.volume, inside.float()) and inside.any() and not truth.signed


def test_what_everybody_has_says_nothing_of_the_label():
    everybody = Patterns((((0, 1),), ((1, 1),)))
    cohort = Brain(Several((LEFT, Focal()), (None, 0.5)), task=everybody, amplitude=0.4).cohort([0, 1])
    assert everybody.labels.not_disease == {"distractor": (1,)}
    assert cohort.truths["distractor"].volume.flatten(1).any(1).all()


def test_uncoupled_regions_are_no_suppressors():
    still = coupled(("left fusiform gyrus", "left precuneus"), correlation=0.0)
    assert "suppressor" in Validity.of(Brain(LEFT, local=still)).undefined


def test_truths_of_disease_are_those_of_the_same_simulator_without_couplings():
    """New truths stand beside the old ones: coupling nothing leaves every byte."""
    plain, none = Brain(LEFT, amplitude=0.4).cohort([0, 1]), Brain(LEFT, local=Coupled(), amplitude=0.4).cohort([0, 1])
    assert set(plain.truths) == set(none.truths) == {"planted", "counterfactual"}
    assert all(torch.equal(plain.truths[name].volume, none.truths[name].volume) for name in plain.truths)


def test_the_edit_under_a_shortcut_changes_the_pathology_and_keeps_the_marker():
    brain = Brain(Several((LEFT, RIGHT, SPOT), (None, None, 0.3)), task=Shortcut(AND), amplitude=0.4)
    cohort = brain.cohort(range(12))
    for subject in range(12):
        edited = brain.sample([subject], "evaluation", {"parts": AND.edited(subject, "evaluation")}).images[0]
        sign = 1 if AND.label(subject) else -1
        assert torch.equal(cohort.truths["edit"].volume[subject], sign * (cohort.images[subject] - edited))
    assert "edit" not in Validity.of(brain).undefined


def test_the_edit_of_confounded_patterns_is_that_of_the_patterns():
    free = Covariate("sex", 0.0, {"shape.size": 0.0})
    parts = Several((LEFT, RIGHT), (None, None))
    plain, beside = (Brain(parts, task=t, amplitude=0.4).cohort(range(4)) for t in (AND, Confounded(AND, (free,))))
    assert torch.equal(plain.truths["edit"].volume, beside.truths["edit"].volume)


@pytest.mark.parametrize("cause", [SingleCause(), Graded()])
def test_a_shortcut_around_one_cause_has_its_reason_to_have_no_edit(cause):
    assert Validity.of(Shortcut(cause)).undefined["edit"] == Validity.of(cause).undefined["edit"]


@pytest.mark.parametrize("cause", [SingleCause(), Graded()])
def test_a_shortcut_around_a_cause_of_several_parts_is_refused_before_anything_is_drawn(cause):
    parts = Several((LEFT, RIGHT, SPOT), (None, None, 0.3))
    with pytest.raises(BadInput, match=r"needs 2 pathology\.parts, the cause and the marker, not 3") as error:
        Brain(parts, task=Shortcut(cause), amplitude=0.4)
    assert "\n" not in str(error.value)


def test_state_of_a_marked_task_names_every_part():
    assert np.shape(Shortcut(AND).edited(0, "train")) == np.shape(Shortcut(AND).strength(0, {}, "train")) == (3,)


@pytest.mark.parametrize(
    ("parts", "task"),
    [((LEFT, Focal()), DISTRACTOR), ((LEFT, SPOT), Shortcut(SingleCause())), ((LEFT, RIGHT), Residual())],
)
def test_a_dial_that_moves_no_cause_is_refused(parts, task):
    Brain(Several(parts, (None, None)), task=task)
    with pytest.raises(
        BadInput, match=r"pathology\.amplitudes=\[0\.5, None\] is not possible: give null to a cause"
    ) as error:
        Brain(Several(parts, (0.5, None)), task=task)
    assert "\n" not in str(error.value)
