"""Cohorts of visits: courses of persons, and the sentences for what is none."""

import pytest

from bench.contracts import BadInput, Visit, courses, require_courses

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
