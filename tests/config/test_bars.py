"""Controls of rankings: every study that ranks is given them, and a call that chooses methods chooses all of them."""

import pytest
import yaml

from bench.config import compose
from bench.config.schema import Config
from bench.contracts import BadInput
from bench.verify import catalogue

BARS = Config().bars
STUDIES = sorted(path.stem for path in (compose.CONF / "study").glob("*.yaml"))


def one_pair(name, *more):
    """The study with the first value of each of its axes, on none of which its choice of methods depends."""
    axes = yaml.safe_load((compose.CONF / "study" / f"{name}.yaml").read_text())["axes"]
    first = [f"{key}={values[0]}" for key, values in axes.items() if "*" not in key]
    return compose.study([f"study={name}", *first, *more])


@pytest.mark.parametrize(
    "name", [n if n == "standard" else pytest.param(n, marks=pytest.mark.full) for n in STUDIES if n != "tiny"]
)
def test_every_study_that_ranks_has_the_model_free_bars(name):
    """Where its ranking has a value for them: one of changes takes no map in other units."""
    found, methods, metrics = one_pair(name), *(dict(catalogue.shipped(group)) for group in ("method", "metric"))
    ranked = {ranking["metric"] for ranking in found.settings["headline"].values()}
    taken = set.union(*(set(metrics[metric].tags.quantities) for metric in ranked))
    assert {bar for bar in BARS if methods[bar].tags.quantity in taken} <= set(found.methods)


def test_the_bars_are_controls_of_which_none_reads_the_model():
    shipped = dict(catalogue.shipped("method"))
    assert {shipped[bar].tags.role for bar in BARS} == {"control"}
    assert not any(shipped[bar].tags.reads_model for bar in BARS)


def test_a_call_may_choose_methods_or_bars():
    assert list(one_pair("quick", "method=[gradient]").methods) == ["gradient"]
    own = set(one_pair("quick", "bars=[]").methods)
    assert set(one_pair("quick", "bars=[z_map]").methods) == {*own, "z_map"}
    with pytest.raises(BadInput, match=r"no method 'z_mop'.*z_map"):
        one_pair("quick", "bars=[z_mop]")


def test_a_study_s_parameters_of_its_methods_stay():
    assert one_pair("quick").methods["occlusion"]["window"] == 6
