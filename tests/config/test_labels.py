"""Labels and names of studies tell what a call changes of the files, and nothing else."""

import pytest
from small_conf import ROOT_FILES, write

from bench.config import compose

STUDY = "headline: {anatomy: {metric: s}}\ndetect: {near: far}\nagainst: {a: [b]}\nbudgets: {near: {pretrain: far}}\n"
FILES = {
    "simulator/near": "defaults: [anatomy: plain, _self_]\n_target_: x.Near\nstrength: 0.9\n",
    "simulator/far": "defaults: [anatomy: plain, _self_]\n_target_: x.Far\nstrength: 0.5\n",
    "simulator/anatomy/plain": "_target_: x.Plain\nsize: 3\n",
    "simulator/anatomy/scans": "_target_: x.Scans\nsize: 3\nfolder: ???\n",
    "network/small": "_target_: n.Small\nwidth: 2\n",
    "train/default": "epochs: 3\npretrain: null\n",
    "method/a": "# @package method.a\n_target_: m.A\nwindow: 1\n",
    "method/b": "# @package method.b\n_target_: m.B\nwindow: 1\n",
    "metric/s": "# @package metric.s\n_target_: s.S\nq: 0.9\n",
    "study/one": f"""# @package _global_
defaults: [override /method: [a, b], override /metric: [s], _self_]
name: one
bars: []
axes: {{simulator: [near, far], network: [small]}}
seed: {{data: [0, 1], model: [0]}}
method: {{a: {{window: 4}}}}
{STUDY}""",
    **ROOT_FILES,
}


@pytest.fixture(autouse=True)
def conf(tmp_path, monkeypatch):
    folder = write(tmp_path / "conf", FILES)
    monkeypatch.setattr(compose, "CONF", folder)
    return folder


def named(*lines):
    """The name of the study, and all labels, simulators first."""
    made = compose.study(lines)
    labels = (*made.simulators, *made.networks, *made.methods, *made.metrics)
    return made.settings["name"], " ".join(labels)


@pytest.mark.parametrize(
    ("lines", "name", "labels"),
    [
        ([], "one", "near far small a b s"),
        (["method.a.window=4", "seed.data=0,1", "simulator=near,far", "method=[b,a]"], "one", "near far small b a s"),
        (["rerun=all", "timeout_s=9", "trusted=[x]", "paths.results=/x", "hydra/launcher=basic"], "one",
         "near far small a b s"),
        (["method.a.window=1"], "one-method.a.window-1", "near far small a-window-1 b s"),
        (["metric.s.q=0.5"], "one-metric.s.q-0.5", "near far small a b s-q-0_5"),
        (["train.epochs=9"], "one-train.epochs-9", "near far small-epochs-9 a b s"),
        (["network.width=3", "train.epochs=9"], "one-network.width-3-train.epochs-9",
         "near far small-epochs-9-width-3 a b s"),
        (["simulator.strength=0.9"], "one-simulator.strength-0.9", "near far-strength-0.9 small a b s"),
        (["simulator.anatomy={size: 5}"], "one-simulator.anatomy.size-5",
         "near-anatomy.size-5 far-anatomy.size-5 small a b s"),
        (["method=[a]"], "one-method-a", "near far small a s"),
        (["method=all", "simulator=far"], "one-simulator-far", "far small a b s"),
        (["seed.data=0", "explain.subjects=8"], "one-explain.subjects-8-seed.data-0", "near far small a b s"),
        (["~method.b"], "one-method-a", "near far small a s"),
        (["method.a.window=1", "name=mine"], "mine", "near far small a-window-1 b s"),
    ],
)  # fmt: skip
def test_what_differs_from_the_files_is_told_and_nothing_else(lines, name, labels):
    assert named(*lines) == (name, labels)


def test_a_part_that_is_chosen_is_told_and_of_a_path_its_last_folder_alone():
    name, labels = named("simulator=near", "simulator/anatomy=scans", "simulator.anatomy.folder=/home/me/heads")
    assert labels.startswith("near-anatomy-scans-anatomy.folder-heads-") and "home" not in labels + name
    assert name.startswith("one-simulator-near-simulator.anatomy-scans-simulator.anatomy.folder-he")
    other = named("simulator=near", "simulator/anatomy=scans", "simulator.anatomy.folder=/home/you/heads")
    assert other[0] != name and other[1] != labels, "folders of one name are told apart"


def test_swept_and_typed_values_have_labels_by_one_rule():
    swept = compose.study(["method.a.window=1,2", "method.b.window=5"]).methods
    typed = compose.study(["method.a.window=2", "method.b.window=5"]).methods
    assert list(swept) == ["a-window-1", "a-window-2", "b-window-5"] and list(typed) == ["a-window-2", "b-window-5"]


def test_settings_that_name_plug_ins_as_the_files_do_find_them_under_their_labels():
    made = compose.study(["simulator.strength=0.7", "metric.s.q=0.5", "method.a.window=1"])
    near, far = "near-strength-0.7", "far-strength-0.7"
    assert made.settings["headline"]["anatomy"]["metric"] == "s-q-0_5"
    assert made.settings["detect"] == {near: far}
    assert made.settings["against"]["a-window-1"] == ["b"]
    assert made.settings["budgets"] == {near: {"pretrain": far}}
    trained = compose.study(["simulator.strength=0.7", "train.pretrain=near"]).trains
    assert [node["pretrain"] for node in trained.values()] == [near]


def test_a_study_file_of_a_config_folder_needs_no_labels_for_what_it_sets(tmp_path):
    mine = "# @package _global_\ndefaults: [one, _self_]\nname: mine\nsimulator: {strength: 0.1}\n"
    made = compose.study(["study=mine"], [write(tmp_path / "extra", {"study/mine": mine})])
    assert made.settings["name"] == "mine" and list(made.simulators) == ["near", "far"]
    assert {node["strength"] for node in made.simulators.values()} == {0.1}
