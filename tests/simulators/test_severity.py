"""How severity and side differ between subjects."""

import numpy as np
import pytest

from bench.contracts import BadInput
from simulators.brain import Brain
from simulators.pathology.atrophy import Atrophy
from simulators.pathology.focal import Focal
from simulators.pathology.graded import GradedFocal, GradedWhiteMatterLesions
from simulators.pathology.severity import LAWS
from simulators.pathology.white_matter_lesions import WhiteMatterLesions

HIPPOCAMPI = ("left hippocampus", "right hippocampus")


def _drawn(law, spread=0.3, count=4000):
    rng = np.random.default_rng(0)
    return np.array([LAWS[law](rng, spread) for _ in range(count)])


def test_lognormal_severity_has_median_one_and_the_spread_of_its_logarithm():
    drawn = _drawn("lognormal")
    assert np.median(drawn) == pytest.approx(1, abs=0.02)
    assert np.log(drawn).std() == pytest.approx(0.3, rel=0.05)


def test_uniform_severity_fills_its_range_evenly():
    drawn = _drawn("uniform")
    np.testing.assert_allclose(np.quantile(drawn, [0, 0.25, 0.5, 0.75, 1]), [0.7, 0.85, 1, 1.15, 1.3], atol=0.02)


def test_stages_are_two_and_equally_frequent():
    drawn = _drawn("staged")
    assert set(drawn) == {0.7, 1.3}
    assert (drawn > 1).mean() == pytest.approx(0.5, abs=0.03)


def test_no_spread_is_one_severity():
    assert {float(s) for law in LAWS for s in _drawn(law, 0.0, 10)} == {1.0}


def test_a_side_keeps_its_regions_and_those_of_the_midline():
    law = Atrophy((*HIPPOCAMPI, "brain stem"), side="right")
    assert law.acting(law.draw(np.random.default_rng(0), None)) == ("right hippocampus", "brain stem")


def test_random_side_draws_no_severity_anew():
    """The side comes after the severity in the stream."""
    first, second = (Atrophy(HIPPOCAMPI, side=s).draw(np.random.default_rng(3), None) for s in ("both", "random"))
    assert first["severity"] == second["severity"] and second["side"] in ("left", "right")


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Atrophy(("left hippocampus",), side="right"), "Atrophy.side='right'.*name one of that side"),
        (lambda: Atrophy(("left hippocampus",), side="random"), "Atrophy.side='random'.*name one of that side"),
    ],
)
def test_impossible_law_or_side_is_one_sentence(make, says):
    with pytest.raises(BadInput, match=says) as error:
        make()
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("plain", "graded"), [(Focal, GradedFocal), (WhiteMatterLesions, GradedWhiteMatterLesions)], ids=["one", "many"]
)
def test_lesions_under_a_law_lie_where_they_lie_without_and_are_as_deep_as_it_says(plain, graded):
    dull, own = Brain(plain(), amplitude=0.4), Brain(graded(severity_law="staged", severity_sd=0.5), amplitude=0.4)
    depths = []
    for subject in (1, 3, 5, 7, 9, 11):
        whole, here = (brain.cohort([subject], "train").truths["planted"].volume for brain in (dull, own))
        where = whole.abs() > 0.05
        depths.append(round(float((here[where] / whole[where]).median()), 2))
    assert set(depths) == {0.5, 1.5}


@pytest.mark.parametrize("graded", [GradedFocal, GradedWhiteMatterLesions])
def test_lesions_under_an_impossible_law_are_refused(graded):
    with pytest.raises(BadInput, match=r"severity_law='normal'"):
        graded(severity_law="normal")
    with pytest.raises(BadInput, match=r"severity_sd"):
        graded(severity_sd=2)
