"""Labels follow from what subjects carry, twins have the other label, cues vanish with the pathology."""

from itertools import product

import numpy as np
import pytest
import torch

from bench.contracts import BadInput
from simulators.brain import Brain
from simulators.pathology.atrophy import Atrophy
from simulators.pathology.marker import Marker
from simulators.pathology.several import Several
from simulators.task.patterns import Patterns
from simulators.task.shortcut import Shortcut
from simulators.task.single import SingleCause

SIDES = Several((Atrophy(("left fusiform gyrus",)), Atrophy(("right fusiform gyrus",))), (None, None))
RULES = {
    "or": (any, Patterns((((0, 0),), ((1, 0), (0, 1), (1, 1))))),
    "and": (all, Patterns((((0, 0), (1, 0), (0, 1)), ((1, 1),)))),
    "xor": (lambda p: sum(p) % 2, Patterns((((0, 0), (1, 1)), ((1, 0), (0, 1))))),
    "distractor": (lambda p: p[0], Patterns((((0, 0), (0, 1)), ((1, 0), (1, 1))))),
}


@pytest.fixture(params=RULES)
def rule(request):
    return RULES[request.param]


def test_label_is_the_rule_applied_to_the_state_and_twins_have_the_other(rule):
    logic, task = rule
    for subject in range(24):
        own, other = (task.strength(subject, do, "train") for do in ({}, {"pathology": "swap"}))
        assert task.label(subject) == int(logic(own)) == 1 - int(logic(other))


def test_a_cycle_holds_every_pattern_of_a_class_equally_often(rule):
    _, task = rule
    seen = [task.pattern(s) for s in range(task.labels.cycle)]
    for table in task.classes:
        counts = [seen.count(p) for p in table]
        assert len(set(counts)) == 1 and sum(counts) == task.labels.cycle / 2


def test_edits_are_what_a_search_through_all_changes_finds(rule):
    """The slow twin: try every set of parts, keep the smallest ones that flip the label."""
    logic, task = rule
    for subject in range(task.labels.cycle):
        own = task.pattern(subject)
        flips = [c for c in product((0, 1), repeat=2) if bool(logic(np.bitwise_xor(own, c))) != bool(logic(own))]
        smallest = [c for c in flips if sum(c) == min(map(sum, flips))]
        changed = np.any(smallest, axis=0)
        assert task.edited(subject, "train") == tuple(np.bitwise_xor(own, changed.astype(int)))


def test_only_xor_needs_products():
    assert {name: task.labels.products for name, (_, task) in RULES.items()} == {
        "or": False, "and": False, "xor": True, "distractor": False,
    }  # fmt: skip


def test_twins_share_distractors():
    _, task = RULES["distractor"]
    assert task.causes == (1, 0)
    for subject in range(8):
        states = [task.strength(subject, {"pathology": to}, "train") for to in ("off", "on", "swap")]
        assert {state[1] for state in states} == {task.pattern(subject)[1]}
        assert [state[0] for state in states] == [0, 1, 1 - task.label(subject)]


def test_absent_part_is_the_reason_of_a_control():
    """AND: a control with the left part only lacks the right one, and its counterfactual lies there alone."""
    brain = Brain(SIDES, task=RULES["and"][1], amplitude=0.4)
    cohort = brain.cohort([2])
    assert brain.task.pattern(2) == (1, 0)
    change = cohort.truths["counterfactual"].volume[0, 0]
    right = change[change.shape[0] // 2 :].abs().sum()
    assert right > 0.99 * change.abs().sum() > 0
    assert torch.equal(cohort.truths["edit"].volume, cohort.truths["counterfactual"].volume)


def test_xor_edit_shows_both_parts_with_their_directions():
    brain = Brain(SIDES, task=RULES["xor"][1], amplitude=0.4)
    edit = brain.cohort([1]).truths["edit"].volume[0, 0]
    left, right = edit.split(edit.shape[0] // 2)
    assert left.sum() < 0 < right.sum()
    assert left.abs().sum() == pytest.approx(right.abs().sum().item(), rel=0.5)


def test_marker_goes_with_the_label_as_asked_and_is_reversed():
    task = Shortcut(SingleCause(), correlation=0.8)
    labels = [task.label(s) for s in range(200)]
    for stream, expected in {"train": 0.8, "test": 0.8, "reversed": -0.8, "decorrelated": 0, "evaluation": 0}.items():
        marks = [task.marker(s, stream) for s in range(200)]
        assert np.corrcoef(labels, marks)[0, 1] == pytest.approx(expected, abs=0.02)
        assert np.mean(marks) == 0.5


def test_marker_stays_in_twins_and_goes_with_the_pathology():
    task = Shortcut(SingleCause())
    for subject in range(8):
        marker = task.marker(subject, "train")
        assert task.strength(subject, {"pathology": "swap"}, "train") == (1 - task.label(subject), marker)
        assert task.strength(subject, {"pathology": "off"}, "train") == (0, 0)
        assert task.strength(subject, {"marker": "on"}, "train") == (task.label(subject), 1)
    parts = Several((Atrophy(("left thalamus",)), Marker("right occipital white matter")), (None, 0.5))
    brain = Brain(parts, task=task, amplitude=0.3)
    marked = next(s for s in range(8) if task.marker(s, "evaluation"))
    change = brain.cohort([marked]).truths["counterfactual"].volume[0, 0]
    region = (
        brain.scene(marked, "evaluation").warped.labels == brain.region_names.index("right occipital white matter") + 1
    )
    assert change[region].abs().sum() == 0


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Patterns((((1, 0),), ((1, 0),))), "none twice"),
        (lambda: Patterns((((0,),), ((2,),))), "classes=.*at most 1"),
        (lambda: Brain(SIDES, task=Patterns((((0,),), ((1,),)))), "match them"),
        (lambda: Brain(Atrophy(("left thalamus",)), task=Shortcut(SingleCause())), "marker last"),
        (lambda: RULES["xor"][1].strength(0, {"pathology": "of"}, "train"), "intervention"),
        (lambda: RULES["xor"][1].strength(0, {"parts": (1,)}, "train"), "intervention"),
        (lambda: Shortcut(SingleCause()).strength(0, {"marker": "of"}, "train"), "marker"),
    ],
)
def test_impossible_task_is_one_sentence(make, says):
    with pytest.raises(BadInput, match=says) as error:
        make()
    assert "\n" not in str(error.value)
