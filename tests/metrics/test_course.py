"""Skill of foretold courses against a plain loop, and true courses against slopes fitted by numpy."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from bench.contracts import BadInput, Batch, Cohort, Context, Truth, Undefined, Visit
from bench.passes.courses import yearly
from methods.group_course import GroupCourse
from methods.oracle_course import CourseOracle

GRID = (4, 5, 6)
NAMES = ("first", "second", "third", "fourth", "fifth")
#: person, months, diagnosis of every image: two patients with two and three visits, a control, in no order
ROWS = ((1, 6, 1), (0, 0, 1), (2, 0, 0), (1, 0, 1), (0, 24, 1), (2, 12, 0), (1, 30, 1))
FIRST = {0: 1, 1: 3}
SOURCE = torch.Generator().manual_seed(0)
LABELS = torch.randint(0, 6, GRID, generator=SOURCE).expand(len(ROWS), 1, *GRID).to(torch.int16)
DOMAIN = torch.rand((len(ROWS), 1, *GRID), generator=SOURCE) < 0.9
COURSES = torch.randn((3, 1, *GRID), generator=SOURCE)


def visit(row):
    person, months, diagnosis = ROWS[row]
    before = sum(p == person and m < months for p, m, _ in ROWS)
    return Visit(person, before, sum(p == person for p, _, _ in ROWS), float(months), 70 + months / 12, diagnosis)


def world(ask=visit, **changes):
    truth = Truth("course", volume=torch.stack([COURSES[person] for person, _, _ in ROWS]) * DOMAIN)
    context = Context(tuple(range(len(ROWS))), domain=DOMAIN, regions=LABELS, region_names=NAMES, quantity="change")
    cohort = Cohort(truth.volume, torch.tensor([row[2] for row in ROWS]), torch.arange(len(ROWS)), visit=ask)
    return truth, cohort, replace(context, **changes)


def skill(metric, maps, truth=None, **changes):
    known, cohort, context = world(**changes)
    return metric.group(maps, truth or known, [""] * len(ROWS), cohort, context)[""].numpy()


@pytest.fixture
def metric(shipped):
    return shipped("course_skill")


def plain(maps, truth):
    scores = np.full(len(ROWS), np.nan)
    for row in FIRST.values():
        error = none = 0.0
        for region in range(1, 6):
            inside = (LABELS[row] == region) & DOMAIN[row]
            foretold, wanted = (volume[row][inside].double().mean().item() for volume in (maps, truth))
            error, none = error + (foretold - wanted) ** 2, none + wanted**2
        scores[row] = 1 - error / none if error < none else none / error - 1
    return scores


def test_a_plain_loop_agrees(metric):
    truth, _, _ = world()
    for size in (0.1, 1.0, 5.0):
        noise = torch.randn(truth.volume.shape, generator=torch.Generator().manual_seed(1))
        maps = truth.volume + size * noise
        np.testing.assert_allclose(skill(metric, maps), plain(maps, truth.volume), rtol=1e-4)


def test_the_truth_has_skill_one_no_change_none_and_a_wrong_unit_costs(metric):
    truth, _, _ = world()
    first = list(FIRST.values())
    for scale, wanted in ((1.0, 1.0), (0.0, 0.0), (0.5, 0.75), (2.0, 0.0), (12.0, 1 / 121 - 1), (-1.0, -0.75)):
        scores = skill(metric, scale * truth.volume)
        assert np.flatnonzero(np.isfinite(scores)).tolist() == sorted(first)
        np.testing.assert_allclose(scores[first], wanted, atol=1e-6)


def test_there_is_no_skill_where_nothing_changes_and_of_a_broken_map(metric):
    truth, _, _ = world()
    assert np.isnan(skill(metric, truth.volume, replace(truth, volume=0 * truth.volume))).all()
    maps = truth.volume.clone()
    maps[FIRST[0]][(LABELS[FIRST[0]] == 2) & DOMAIN[FIRST[0]]] = torch.nan
    assert np.flatnonzero(np.isfinite(skill(metric, maps))).tolist() == [FIRST[1]]


def test_without_visits_or_regions_it_says_so(metric):
    truth, _, _ = world()
    for ask in (None, lambda subject: None):
        with pytest.raises(Undefined, match="seen more than once"):
            skill(metric, truth.volume, ask=ask)
    with pytest.raises(BadInput, match="`regions` in the context; give"):
        skill(metric, truth.volume, regions=None)


def test_skill_sees_no_place_within_a_region(shipped):
    truth, _, _ = world()
    moved = truth.volume.clone()
    for row in FIRST.values():
        inside = DOMAIN[row] & (LABELS[row] == 1)
        moved[row][inside] = truth.volume[row][inside].flip(0)
    metric = shipped("course_skill")
    np.testing.assert_allclose(skill(metric, moved), skill(metric, truth.volume), atol=1e-5)


def test_the_mean_course_of_others_has_skill(shipped):
    """Patients who change alike: a map that is one for all foretells most of it."""
    truth, _, _ = world()
    alike = COURSES[:1] + 0.1 * torch.stack([COURSES[person] for person, _, _ in ROWS])
    scores = skill(shipped("course_skill"), COURSES[:1].expand_as(truth.volume), Truth("course", volume=alike * DOMAIN))
    assert (scores[list(FIRST.values())] > 0.9).all()


def test_a_course_is_the_slope_a_year_of_each_person():
    volumes = torch.randn((len(ROWS), 1, *GRID), generator=torch.Generator().manual_seed(2))
    slopes = yearly({row: visit(row) for row in range(len(ROWS))}, volumes)
    for row, (person, _, _) in enumerate(ROWS):
        rows = [other for other, (p, _, _) in enumerate(ROWS) if p == person]
        years = [ROWS[other][1] / 12 for other in rows]
        fitted = np.polyfit(years, volumes[rows].flatten(1).double().numpy(), 1)[0]
        np.testing.assert_allclose(slopes[row].flatten(), fitted, rtol=1e-4, atol=1e-5)
    once = yearly({0: visit(0), 1: visit(1)}, volumes)
    assert not once.any()


def test_the_control_is_the_slope_of_patients_less_that_of_controls():
    """What a person brings along falls out: the course is found beside levels of a thousand times its size."""
    levels = 1000 * torch.randn((3, 1, *GRID), generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    images = torch.stack([levels[p] + (1 + d) * COURSES[0].double() * m / 12 for p, m, d in ROWS])
    batch = Batch(images, torch.tensor([row[2] for row in ROWS]), torch.arange(len(ROWS)), visit=visit)
    found = GroupCourse()(torch.nn.Identity(), images[:2].float(), (1, 0), Context(training=lambda: batch))
    torch.testing.assert_close(found, COURSES[:1].expand(2, -1, -1, -1, -1))
    with pytest.raises(Undefined, match="who are seen more than once"):
        alone = Context(training=lambda: replace(batch, visit=None))
        GroupCourse()(torch.nn.Identity(), images[:2].float(), (1, 0), alone)


def test_the_oracle_shows_the_course_as_a_change():
    truth, _, _ = world()
    oracle = CourseOracle()
    assert (oracle.tags.quantity, oracle.tags.truths) == ("change", {"course"})
    assert torch.equal(oracle(None, truth.volume, (1, 0), Context(truths={"course": truth})), truth.volume)
