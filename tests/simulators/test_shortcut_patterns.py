"""A marker goes with the label as far as asked and says nothing else of what a subject carries."""

import itertools
from pathlib import Path

import numpy as np
import pytest
from composed import node

from bench.config.build import build
from simulators.task.cue_task import CueTask
from simulators.task.shortcut import Shortcut
from simulators.task.single import SingleCause

CONF = Path(__file__).parents[2] / "conf"
SUBJECTS = 6000


def _causes():
    for path in sorted((CONF / "simulator" / "task").glob("*.yaml")):
        task = build(node(f"simulator/task/{path.stem}"))
        if not isinstance(task, CueTask):
            yield path.stem, task


CAUSES = dict(_causes())


def _carried(name, stream):
    """Sides (N,), parts of the cause (P, N) and markers (N,) of all subjects who are on a side."""
    task = Shortcut(CAUSES[name], correlation=0.8)
    sides = np.array([task.labels.side(task.label(i)) for i in range(SUBJECTS)])
    state = np.array([task.strength(i, {}, stream) for i in range(SUBJECTS)])[sides >= 0]
    return sides[sides >= 0], state[:, :-1].T, state[:, -1]


def _correlation(a, b):
    return 0.0 if not a.std() or not b.std() else np.corrcoef(a, b)[0, 1]


@pytest.mark.parametrize("name", CAUSES)
@pytest.mark.parametrize("stream", ["decorrelated", "evaluation"])
def test_where_the_marker_is_free_it_goes_with_no_part_and_no_combination(name, stream):
    sides, parts, marker = _carried(name, stream)
    signs = [np.sign(part - part.mean()) for part in (*parts, sides)]
    pairs = [a * b for a, b in itertools.combinations(signs, 2)]
    for other in (*parts, sides, *pairs):
        assert abs(_correlation(marker, other)) < 0.03


@pytest.mark.parametrize("name", CAUSES)
def test_within_a_side_the_marker_goes_with_no_part_while_training(name):
    sides, parts, marker = _carried(name, "train")
    assert _correlation(marker, sides) == pytest.approx(0.8, abs=0.02)
    for side in (0, 1):
        for part in parts:
            assert abs(_correlation(marker[sides == side], part[sides == side])) < 0.05


def test_the_marker_of_one_cause_stays_where_it_was():
    """Every other pair agrees where it is free; nine of ten while training."""
    task = Shortcut(SingleCause(), correlation=0.8)
    free = [task.marker(i, "evaluation") for i in range(8)]
    assert free == [1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0]
    pairs = [task.marker(2 * k + 1, "train") for k in range(10)]
    assert pairs == [0.0] + 9 * [1.0]
