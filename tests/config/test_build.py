from textwrap import dedent
from typing import Literal

import pytest

from bench.config.build import build, check_complete
from bench.contracts import BadInput, Perturbation
from bench.contracts.arguments import fits, require
from bench.contracts.names import nearest
from metrics.infidelity import Infidelity
from metrics.perturbations import Patch
from simulators.contrast import Contrast
from simulators.task.protocol import Task

INFIDELITY = {
    "_target_": "metrics.infidelity.Infidelity",
    "perturbation": {"_target_": "metrics.perturbations.Patch", "size": 3, "fill": "mean", "count": 8},
    "scaling": "fitted",
    "subjects": 4,
}


def changed(**values):
    return {**INFIDELITY, **values}


def test_nested_nodes_are_built_from_the_inside():
    made = build(INFIDELITY)
    assert made == Infidelity(Patch(3, "mean", 8), "fitted", 4)


def test_lists_become_tuples_so_that_plugins_are_hashable():
    node = {"_target_": "metrics.perturbations.Patch", "size": [1, [2, 3]]}
    with pytest.raises(BadInput, match="size"):
        build(node)  # a tuple is no int: said before the class is called


@pytest.mark.parametrize(
    ("node", "said"),
    [
        (changed(scalling="none"), "metric.x: there is no key 'scalling'; did you mean 'scaling'"),
        (
            changed(subjects="four"),
            "metric.x.subjects='four' is not possible: give a whole number of at least 1 and at most 1000000 or null",
        ),
        (changed(scaling="fited"), "one of fitted, none"),
        (changed(perturbation={**INFIDELITY["perturbation"], "size": 0}), "metric.x.perturbation.size=0 .*at least 1"),
        ({"scaling": "none"}, "has no '_target_'"),
        ({"_target_": "os.system", "command": "true"}, "outside .*trusted=\\[os\\]"),
        ({"_target_": "metricsx.evil.X"}, "outside"),
        ({"_target_": "metrics.nowhere.X"}, "cannot import"),
        ({"_target_": "metrics.infidelity.Infidelty"}, "did you mean 'Infidelity'"),
        ({"_target_": "metrics.infidelity.Infidelity"}, "'metric.x.perturbation' has no default"),
    ],
)
def test_impossible_nodes_are_refused_in_one_sentence(node, said):
    with pytest.raises(BadInput, match=said) as caught:
        build(node, path="metric.x")
    assert "\n" not in str(caught.value)


def test_trusted_packages_are_built():
    made = build({"_target_": "fractions.Fraction", "numerator": 1, "denominator": 2}, trusted=("fractions",))
    assert float(made) == 0.5


def test_arguments_the_configuration_does_not_hold_are_bound_too():
    node = {"_target_": "bench.networks.linear.Linear", "centre": 0.5}
    assert build(node, in_shape=(2, 2, 2), outputs=2).readout.weight.shape == (2, 8)
    with pytest.raises(BadInput, match=r"network.in_shape"):
        build(node, path="network", outputs=2)


def test_a_yaml_names_every_parameter():
    check_complete(INFIDELITY, (), "metric.x")
    with pytest.raises(BadInput, match="missing: subjects"):
        check_complete({k: v for k, v in INFIDELITY.items() if k != "subjects"}, (), "metric.x")
    inner = {"_target_": "metrics.perturbations.Patch", "size": 3}
    with pytest.raises(BadInput, match=r"metric.x.perturbation: .*fill, count"):
        check_complete(changed(perturbation=inner), (), "metric.x")


def test_plain_annotations_are_judged():
    assert fits(3, float) and fits(None, int | None) and fits("x", str)
    assert not fits(True, int) and not fits(1.5, int) and not fits("1", float)
    assert fits(object(), list[int])  # not judged


class Draws:
    """What a perturbation declares and does."""

    name, count = "mine", 3

    def draw(self): ...


class Nameless:
    """A perturbation that does not say what it is."""

    count = 3

    def draw(self): ...


def test_a_part_has_what_its_protocol_asks_or_its_class_and_is_no_plain_value():
    assert fits(Draws(), Perturbation) and not fits(Nameless(), Perturbation) and not fits(object(), Perturbation)
    assert fits(Contrast(), Contrast) and not fits(Draws(), Contrast) and not fits(Draws(), Task)
    assert not any(fits(plain, kind) for plain in (3, "x", None, (1,)) for kind in (Perturbation, Task, Contrast))


@pytest.mark.parametrize(
    ("parts", "hint", "said"),
    [
        (Nameless(), Perturbation, r"^x\.y: Nameless has no name; give it what Perturbation in \S+\.plugins asks$"),
        ((Draws(), Nameless()), tuple[Perturbation, ...], r"^x\.y\[1\]: Nameless has no name; give it"),
        ((Draws(), 3), tuple[Perturbation, ...], r"^x\.y\[1\]=3 is not possible: give a node whose _target_ is"),
        (Draws(), Contrast, r"^x\.y=<.*Draws.*> is not possible: give a node whose _target_ is of kind Contrast$"),
        ("fited", Literal["fitted", "none"], r"give one of fitted, none; did you mean 'fitted'\?$"),
        ("zzz", Literal["fitted", "none"], r"give one of fitted, none$"),
        (("TP", "FNN"), tuple[Literal["TP", "FN"], ...], r"each one of TP, FN; did you mean 'FN'\?$"),
        ("al", Literal["all"] | int, r"give one of all or a whole number; did you mean 'all'\?$"),
    ],
)
def test_a_refusal_names_the_place_what_is_asked_and_a_near_name(parts, hint, said):
    with pytest.raises(BadInput, match=said):
        require("x", "y", parts, hint)


def test_the_nearest_name_is_offered():
    assert nearest("fokal", ["focal", "mtl_atrophy"]) == "; did you mean 'focal'?"
    assert nearest("FOCAL", ["focal"]) == "; did you mean 'focal'?"
    assert nearest("zzz", ["b", "a"]) == "; valid names are a, b"
    assert nearest("zzz", []) == ""


def test_what_a_constructor_raises_is_one_sentence_with_its_line(tmp_path, monkeypatch):
    (tmp_path / "elsewhere.py").write_text(
        "class Net:\n    def __init__(self, width):\n        import nothing_of_that_name\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    node = {"_target_": "elsewhere.Net", "width": 3}
    with pytest.raises(
        BadInput, match="ModuleNotFoundError: No module named 'nothing_of_that_name', line 3 of elsewhe"
    ):
        build(node, (), ("elsewhere",), "network.mine")


def test_a_package_that_is_not_on_the_path_is_told_how_to_get_there():
    with pytest.raises(BadInput, match=r"No module named 'mylab'\); install the package .* PYTHONPATH"):
        build({"_target_": "mylab.nets.Net"}, (), ("mylab",), "network.mine")


def test_what_a_constructor_raises_is_told_in_one_line_with_its_cause(tmp_path, monkeypatch):
    source = """
    from torch import nn

    class Loads(nn.Linear):
        def __init__(self):
            super().__init__(2, 2)
            self.load_state_dict({"elsewhere": self.bias})
    """
    (tmp_path / "loads_weights.py").write_text(dedent(source))
    monkeypatch.syspath_prepend(tmp_path)
    said = r'made \(RuntimeError: .*Loads: Missing key\(s\).* "weight".*, line 7 of loads_weights\.py\); mend it$'
    with pytest.raises(BadInput, match=said) as caught:
        build({"_target_": "loads_weights.Loads"}, trusted=["loads_weights"])
    assert "\n" not in str(caught.value)
