"""What a Hydra user types means what a Hydra user expects; checked on a small tree of configuration files."""

import pytest
from small_conf import ROOT_FILES, write

from bench.config import compose
from bench.config.compositions import Compositions
from bench.contracts import BadInput

FILES = {
    "simulator/near": "_target_: x.Near\nstrength: 0.9\ntask:\n  _target_: x.Task\n  radius: 1\n",
    "simulator/far": "_target_: x.Far\nstrength: 0.9\ntask:\n  _target_: x.Task\n  radius: 2\n",
    "network/small": "_target_: n.Small\nwidth: 2\n",
    "network/large": "_target_: n.Large\nwidth: 8\n",
    "train/default": "epochs: 3\n",
    "train/long": "epochs: 30\n",
    "method/a": "# @package method.a\n_target_: m.A\nwindow: 1\n",
    "method/b": "# @package method.b\n_target_: m.B\nwindow: 1\n",
    "metric/s": "# @package metric.s\n_target_: s.S\nq: 0.9\n",
    "study/one": """# @package _global_
defaults:
  - override /method: [a, b]
  - override /metric: [s]
  - _self_
name: one
axes: {simulator: [near, far], network: [small]}
seed: {data: [0, 1], model: [0]}
method: {a: {window: 4}}
""",
    "study/dialled": """# @package _global_
name: dialled
axes: {simulator: [near], simulator.strength: [0.75, 0.95]}
""",
    **ROOT_FILES,
}


@pytest.fixture(autouse=True)
def conf(tmp_path, monkeypatch):
    folder = write(tmp_path / "conf", FILES)
    monkeypatch.setattr(compose, "CONF", folder)
    return folder


def test_a_study_fixes_axes_seeds_and_lists():
    made = compose.study(["study=one"])
    assert made.pairs == [("near", "small"), ("far", "small")]
    assert made.settings["seed"].items() >= {"data": [0, 1], "model": [0]}.items()
    assert list(made.methods) == ["a", "b"]
    assert made.simulators["far"]["task"]["radius"] == 2


def test_the_user_wins_over_the_study():
    made = compose.study(
        ["simulator=far", "network=large", "method=[b]", "method.b.window=6", "explain.subjects=10", "name=mine"]
    )
    assert made.pairs == [("far", "large")]
    assert made.methods == {"b-window-6": {"_target_": "m.B", "window": 6}}
    assert made.settings["explain"]["subjects"] == 10
    assert made.settings["name"] == "mine"


def test_a_study_may_set_parameters_of_a_method_that_is_not_chosen():
    assert compose.study([]).methods["a"]["window"] == 4
    assert list(compose.study(["method=b"]).methods) == ["b"]


def test_comma_lists_and_ranges_are_axes():
    made = compose.study(["simulator=far,near", "network=small,large", "seed.model=range(3)", "seed.data=4,5"])
    assert made.pairs == [("far", "small"), ("far", "large"), ("near", "small"), ("near", "large")]
    assert made.settings["seed"].items() >= {"data": [4, 5], "model": [0, 1, 2]}.items()


def test_any_key_of_a_unit_can_be_swept():
    made = compose.study(["simulator=near", "simulator.task.radius=3,4", "network.width=2,4", "train=default,long"])
    assert ("near-task.radius-4", "small-train-long-width-2") in made.pairs
    assert len(made.pairs) == 8
    assert made.simulators["near-task.radius-4"]["task"]["radius"] == 4
    assert made.trains["small-train-long-width-4"] == {"epochs": 30}


@pytest.fixture
def composed(monkeypatch):
    """What every composition of this test was asked for."""
    asked, compose_one = [], Compositions.of
    monkeypatch.setattr(
        Compositions, "of", lambda self, lines, **how: asked.append(lines) or compose_one(self, lines, **how)
    )
    return asked


SIX = ["simulator=near,far,third", "network=small,large"]


def test_pairs_are_composed_once_a_side(conf, composed):
    write(conf, {"simulator/third": "_target_: x.Third\n"})
    made = compose.study([*SIX, "train=default,long"])
    pairs = [asked for asked in composed if {"simulator", "network", "train"} <= asked.keys()]
    assert len(made.pairs) == 12 and len(pairs) - 3 == 3 + 4 - 1
    alone = [
        compose.study([f"simulator={s}", f"network={n}", "train=long"]) for s in ("far", "third") for n in ("large",)
    ]
    for one in alone:
        ((simulator, _),) = one.pairs
        assert made.simulators[simulator] == one.simulators[simulator]
        assert made.networks["large-train-long"] == one.networks["large-train-long"]
        assert made.trains["large-train-long"] == {"epochs": 30}
        assert made.chosen[simulator, "large-train-long"]["network"] == "large"


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("simulator/third", "# @package _global_\nsimulator: {_target_: x.T}\ntrain: {extra: 5}\n", "train 'small'"),
        (
            "network/large",
            "# @package _global_\nnetwork: {_target_: n.L}\nsimulator: {strength: 0.1}\n",
            "simulator 'near'",
        ),
        ("simulator/third", "_target_: x.T\nstrength: ${network.width}\n", "simulator 'third'"),
    ],
)
def test_a_file_of_one_side_that_changes_the_other_is_refused(conf, file, text, said):
    write(conf, {"simulator/third": "_target_: x.Third\n", file: text})
    with pytest.raises(BadInput, match=f"{said} is not the same in every pair"):
        compose.study(SIX)


def test_a_file_may_refer_to_its_own_keys(conf):
    write(conf, {"simulator/third": "_target_: x.T\nstrength: 0.3\nother: ${simulator.strength}\n"})
    assert compose.study(SIX).simulators["third"]["other"] == 0.3


def test_sweeping_a_method_makes_variants_of_that_method_alone():
    made = compose.study(["method.a.window=1,2", "metric.s.q=0.5,0.9"])
    assert {m: node["window"] for m, node in made.methods.items()} == {"a-window-1": 1, "a-window-2": 2, "b": 1}
    assert list(made.metrics) == ["s-q-0_5", "s-q-0_9"]
    assert len(made.pairs) == 2


def test_an_axis_of_every_method_makes_variants_of_those_that_have_the_parameter(conf):
    write(conf, {"method/c": "# @package method.c\n_target_: m.C\nlayer: last\n"})
    grid = "axes: {method.*.window: [2, 3], method.*.layer: [last, first]}\nmethod: {a: {window: 4}}\n"
    write(conf, {"study/grid": f"# @package _global_\nname: grid\n{grid}"})
    made = compose.study(["study=grid", "method=[a,c]"])
    assert {m: node.get("window") for m, node in made.methods.items()} == {
        "a": 4, "a-window-2": 2, "a-window-3": 3, "c": None, "c-layer-last": None, "c-layer-first": None
    }  # fmt: skip
    assert made.chosen["method", "a"] == {"method": "[a]", "method.a.window": "4"}
    typed = compose.study(["study=grid", "method=[a,c]", "method.a.window=9"])
    assert [node["window"] for m, node in typed.methods.items() if m.startswith("a")] == [9]


def test_an_axis_of_a_study_may_be_any_key_and_a_typed_value_replaces_it():
    assert [s for s, _ in compose.study(["study=dialled"]).pairs] == ["near-strength-0.75", "near-strength-0.95"]
    assert [s for s, _ in compose.study(["study=dialled", "simulator.strength=0.8"]).pairs] == ["near-strength-0.8"]


def test_all_names_every_file_of_a_group(tmp_path):
    extra = write(tmp_path / "extra", {"method/c": "# @package method.c\n_target_: m.C\n"})
    assert list(compose.study(["method=all"]).methods) == ["a", "b"]
    assert list(compose.study(["method=all"], [extra]).methods) == ["a", "b", "c"]
    assert list(compose.study(["method=[c]"], [extra]).methods) == ["c"]


def test_hydras_own_arguments_are_kept_for_the_launcher():
    assert compose.study(["hydra/launcher=joblib", "hydra.launcher.n_jobs=2"]).launch == [
        "hydra/launcher=joblib",
        "hydra.launcher.n_jobs=2",
    ]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("simulator=fa", "there is no simulator 'fa'; did you mean 'far'"),
        ("method=[a,c]", "there is no method 'c'; valid names are a, b"),
        ("study=on", "there is no study 'on'; did you mean 'one'"),
        ("simulater=far", "there is no key 'simulater'; did you mean 'simulator'"),
        ("seed.modl=1", "seed: there is no key 'modl'; did you mean 'model'"),
        ("method.a.windw=1", "method.a: there is no key 'windw'; did you mean 'window'"),
        ("simulator.task.radios=1", "simulator.task: there is no key 'radios'; did you mean 'radius'"),
        ("explain.subjects=many", r"explain\.subjects=many is not possible: give a value like 24 \(Value 'many'"),
        ("use.draws=1,2", "'use.draws' cannot be swept"),
        ("simulator=[far]", r"simulator=\[\.\.\.\] is not possible"),
        ("method=[a", "the argument 'method=\\[a' is not possible.*brackets closed and quoted"),
        ("study=one,two", "one study a call"),
    ],
)
def test_mistakes_are_named_with_the_nearest_valid_name(line, said):
    with pytest.raises(BadInput, match=said) as caught:
        compose.study([line])
    assert "\n" not in str(caught.value)


def test_a_folder_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(BadInput, match="no such folder"):
        compose.study([], [tmp_path / "nowhere"])


def test_glob_chooses_the_names_that_are_like_it():
    assert compose.study(["study=one", "simulator=glob(*)"]).pairs == [("far", "small"), ("near", "small")]
    assert list(compose.study(["study=one", "method=glob(*, exclude=a)"]).methods) == ["b"]


def test_a_method_of_a_study_can_be_taken_out():
    assert list(compose.study(["study=one", "~method.a"]).methods) == ["b"]


def test_the_lines_of_the_first_pair_compose_it():
    assert {"simulator=near", "network=small", "study=one"} <= {*compose.study(["study=one"]).lines}


def test_a_glob_within_a_list_stands_for_names():
    assert list(compose.study(["method=[glob(*),a]"]).methods) == ["a", "b"]
    assert list(compose.study(["method=[b,glob(a*)]"]).methods) == ["b", "a"]
