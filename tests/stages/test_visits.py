"""Cohorts of visits: courses of persons, the sentences for what is none, and where stages say who a subject is."""

import json

import numpy as np
import pytest
import torch

from bench.contracts import BadInput, Cohort, Truth, Visit, courses, require_courses
from bench.stages import images
from bench.stages.cohort import explained_subjects

PERSON = [Visit(7, number, 3, 12.0 * number, 70.0 + number, 1) for number in range(3)]


def changed(place, **values):
    return {i: visit._replace(**values) if i == place else visit for i, visit in enumerate(PERSON)}


def test_a_course_is_in_the_order_of_visits_whatever_that_of_subjects():
    others = [visit._replace(person=9) for visit in PERSON]
    mixed = dict(enumerate((PERSON[2], others[0], PERSON[0], others[2], PERSON[1], others[1])))
    assert courses(mixed) == {7: [2, 4, 0], 9: [1, 5, 3]}
    require_courses(mixed)
    require_courses({})


@pytest.mark.parametrize(
    ("visits", "says"),
    [
        ({0: PERSON[0]._replace(of=1)}, "^person 7 has one visit, which shows no course; give"),
        (changed(1, age=69.0), "^person 7 is 70 years old at visit 1 and 69 at the next; give"),
        (changed(2, months=6.0), "^person 7 .*give visits in the order of age"),
        (changed(2, diagnosis=0), "^person 7 has diagnosis 1 at visit 2 and 0 at the next; give"),
        (dict(enumerate(PERSON[:2])), "^person 7 has 3 visits, of which 2 would be explained; choose"),
    ],
)
def test_what_is_no_course_is_refused_in_one_sentence(visits, says):
    with pytest.raises(BadInput, match=says) as refused:
        require_courses(visits)
    assert "\n" not in str(refused.value)


def test_training_may_see_some_visits_of_a_person_but_no_other_fault():
    require_courses(dict(enumerate(PERSON[:2])), whole=False)
    with pytest.raises(BadInput, match="has one visit"):
        require_courses({0: PERSON[0]._replace(of=1)}, whole=False)


class Followed:
    """One person, seen by every subject number of any stream but `test`; a year adds 2 to its disease."""

    def visit(self, subject, stream):
        return None if stream == "test" else PERSON[subject % 3]._replace(person=subject // 3)

    def cohort(self, numbers, stream):
        volume = torch.tensor([2.0 * (n % 3) + n // 3 for n in numbers]).view(-1, 1, 1, 1, 1).expand(-1, 1, 2, 2, 2)
        truth = Truth("counterfactual", volume=volume.contiguous())
        return Cohort(volume, torch.ones(len(numbers)), torch.tensor(numbers), truths={"counterfactual": truth})

    def population(self, numbers, stream, pairs):
        return {}


def test_explained_visits_have_the_course_of_their_person_as_a_truth():
    found = explained_subjects(Followed(), [4, 0, 1, 3, 2, 5], 20)
    torch.testing.assert_close(found.truths["course"].volume, torch.full((6, 1, 2, 2, 2), 2.0))
    assert found.visits[0] == PERSON[1]._replace(person=1)

    class Once(Followed):
        def visit(self, subject, stream):
            return None

    assert set(explained_subjects(Once(), [4, 0, 1, 3, 2, 5], 20).truths) == {"counterfactual"}


@pytest.mark.parametrize(("name", "seen"), [("train", True), ("validation", True), ("test", False), ("off", False)])
def test_images_that_are_read_know_their_visits(tmp_path, name, seen):
    np.save(tmp_path / f"{name}.npy", np.zeros((4, 1, 2, 2, 2), np.float32))
    (tmp_path / f"{name}.json").write_text(json.dumps([0, 1, 0, 1]))
    batch = images._read(tmp_path / f"{name}.npy", Followed()).take(torch.tensor([3, 1]))
    assert batch.visits == ({0: PERSON[0]._replace(person=1), 1: PERSON[1]._replace(person=0)} if seen else {})
