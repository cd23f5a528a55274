"""Controls of rankings: every study that ranks is given them, and a call that chooses methods chooses all of them."""

import pytest

from bench.config import compose
from bench.config.schema import Config
from bench.contracts import BadInput
from bench.verify import catalogue

BARS = Config().bars
STUDIES = sorted(path.stem for path in (compose.CONF / "study").glob("*.yaml"))


@pytest.mark.parametrize("name", [name for name in STUDIES if name != "tiny"])
def test_every_study_that_ranks_has_the_model_free_bars(name):
    found = compose.study([f"study={name}"])
    assert found.settings["headline"] and set(BARS) <= set(found.methods)


def test_the_bars_are_controls_of_which_none_reads_the_model():
    shipped = dict(catalogue.shipped("method"))
    assert {shipped[bar].tags.role for bar in BARS} == {"control"}
    assert not any(shipped[bar].tags.reads_model for bar in BARS)


def test_a_call_may_choose_methods_or_bars():
    assert list(compose.study(["study=quick", "method=[gradient]"]).methods) == ["gradient"]
    own = set(compose.study(["study=quick", "bars=[]"]).methods)
    assert set(compose.study(["study=quick", "bars=[z_map]"]).methods) == {*own, "z_map"}
    with pytest.raises(BadInput, match=r"no method 'z_mop'.*z_map"):
        compose.study(["study=quick", "bars=[z_mop]"])


def test_a_study_s_parameters_of_its_methods_stay():
    assert compose.study(["study=quick"]).methods["occlusion"]["window"] == 6
