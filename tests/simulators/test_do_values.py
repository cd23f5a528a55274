"""What `do` asks of a task is one thing at a time, and a strength from 0 to 1; anything else is refused by name."""

import pytest

from bench.contracts import BadInput
from simulators.task.graded import Graded
from simulators.task.patterns import Patterns
from simulators.task.residual import Residual
from simulators.task.shortcut import Shortcut
from simulators.task.single import SingleCause
from simulators.task.subtypes import Subtypes

PAIRS = Patterns((((0, 0), (0, 1)), ((1, 1), (1, 0))))
TASKS = {
    "single": SingleCause(),
    "graded": Graded(),
    "residual": Residual(),
    "subtypes": Subtypes(((1, 0), (0, 1)), (1.0, 1.0)),
    "patterns": PAIRS,
    "shortcut": Shortcut(SingleCause()),
    "shortcut of patterns": Shortcut(PAIRS),
}
IMPOSSIBLE = [float("nan"), float("inf"), 7, -0.1, 1.0001, True, "on", None]


@pytest.fixture(params=TASKS)
def task(request):
    return TASKS[request.param]


@pytest.mark.parametrize("value", IMPOSSIBLE, ids=repr)
def test_a_strength_lies_between_none_and_all(task, value):
    with pytest.raises(BadInput, match=r"^do\.strength=.* is not possible: give a number of at least 0 and at most 1$"):
        task.strength(1, {"strength": value}, "test")


def test_a_state_and_a_strength_are_not_asked_for_together(task):
    with pytest.raises(BadInput, match="one of pathology"):
        task.strength(1, {"pathology": "off", "strength": 0.5}, "test")


@pytest.mark.parametrize("state", ["of", 1, [], float("nan")], ids=repr)
def test_a_state_that_does_not_exist_is_refused(task, state):
    with pytest.raises(BadInput, match="one of pathology"):
        task.strength(1, {"pathology": state}, "test")


@pytest.mark.parametrize("parts", [(float("nan"), 0), (0, 2), (1,), 1], ids=repr)
def test_parts_are_one_strength_each(parts):
    with pytest.raises(BadInput, match="parts"):
        PAIRS.strength(1, {"parts": parts}, "test")


@pytest.mark.parametrize("value", [0, 0.5, 1])
def test_strengths_between_none_and_all_scale_what_is_on(task, value):
    on, found = task.strength(1, {"pathology": "on"}, "test"), task.strength(1, {"strength": value}, "test")
    if isinstance(task, Residual):
        assert on[0] - found[0] == pytest.approx((1 - task.shared) * (1 - value))
    else:
        first = [s[0] if isinstance(s, tuple) else s for s in (on, found)]
        assert first[1] == pytest.approx(value * first[0])
