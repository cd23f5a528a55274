"""How severity and side differ between subjects."""

import numpy as np
import pytest

from bench.contracts import BadInput
from simulators.pathology.atrophy import Atrophy
from simulators.pathology.severity import LAWS

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
        (lambda: Atrophy(HIPPOCAMPI, severity_law="normal"), "pathology.severity_law='normal'.*'lognormal'"),
        (lambda: Atrophy(HIPPOCAMPI, side="lef"), "pathology.side='lef'.*'left'"),
        (lambda: Atrophy(("left hippocampus",), side="right"), "leaves no region"),
        (lambda: Atrophy(("left hippocampus",), side="random"), "leaves no region"),
    ],
)
def test_impossible_law_or_side_is_one_sentence(make, says):
    with pytest.raises(BadInput, match=says) as error:
        make()
    assert "\n" not in str(error.value)
