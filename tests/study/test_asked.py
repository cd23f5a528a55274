"""Plug-ins that no test of ours knows are asked before a study computes; a breach of the contract refuses it."""

import pytest

from bench.contracts import BadInput
from bench.plan.shipped import is_as_shipped
from bench.verify import answers, asking

pytestmark = pytest.mark.fault("plug-ins")

LINES = ["seed.data=0", "seed.model=0"]
#: overrides -> (group, label asked, words of the answer)
BREACHES = {
    ("method=[trespass]", "method.trespass.deed=images_numpy"): ("methods", "trespass", "check_input"),
    ("method=[trespass]", "method.trespass.deed=hook"): ("methods", "trespass", "hooks of the model"),
    ("method=[trespass]", "method.trespass.gives=short"): ("methods", "trespass", "check_shape"),
    ("metric=[trespass]", "metric.trespass.gives=one_number"): ("metrics", "trespass", "one_value_a_subject"),
    ("metric=[trespass]", "metric.trespass.deed=images"): ("metrics", "trespass", "changes what it was given"),
    ("network=nan_used", "axes.network=[nan_used]"): ("networks", "nan_used", "not finite"),
    ("network=tied", "axes.network=[tied]"): ("networks", "tied", "again.weight are one tensor"),
}
#: overrides -> words of the sentence about settings that cannot be
MISFITS = {
    ("method=[occlusion]", "method.occlusion.window=500"): "give at most 8, the longest axis of the image",
    ("method=[grad_cam]", "method.grad_cam.layer=conv9"): "no layer of the network 'conv9'",
    ("network=narrow", "axes.network=[narrow]"): "an image of 8 x 8 x 8 voxels cannot be read",
}


@pytest.mark.parametrize("lines", BREACHES)
def test_a_breach_is_told_by_the_name_of_the_check(planned, lines):
    group, file, words = BREACHES[lines]
    study = planned(*LINES, *lines)
    (label,) = [label for label in study.node_names(group) if study.file(group, label) == file]
    assert (group, label, False) in [(q.group, q.label, q.ours) for q in asking.questions(study)]
    said = answers.answer(study, group, label, ours=False)
    assert said.startswith(f"{group[:-1]} {label} does not keep its contract (") and words in said, said


@pytest.mark.parametrize("lines", MISFITS)
def test_settings_that_do_not_fit_the_grid_or_the_network_are_told(planned, lines):
    study = planned(*LINES, *lines)
    (asked,) = [q for q in asking.questions(study) if lines[0].partition("=")[2].strip("[]") in q.label]
    assert MISFITS[lines] in answers.answer(study, asked.group, asked.label, asked.ours)


def test_what_is_ours_is_not_asked_unless_its_settings_are_others(planned):
    study = planned(*LINES, "method=[gradient,occlusion]", "network=gmp_cnn", "axes.network=[gmp_cnn]")
    assert is_as_shipped("networks", study.networks["gmp_cnn"])
    assert [*asking.questions(study)] == []
    changed = planned(*LINES, "method=[gradient,occlusion]", "method.occlusion.window=4,5")
    assert [(q.label, q.ours) for q in asking.questions(changed)] == [
        ("occlusion-window-4", True),
        ("occlusion-window-5", True),
    ]


def test_a_refusal_comes_before_anything_is_computed_and_good_answers_are_kept(planned, monkeypatch):
    with pytest.raises(BadInput, match=r"method trespass-deed-dtype .*changed torch's default dtype"):
        asking.ask(planned(*LINES, "method=[slow,trespass]", "method.trespass.deed=dtype"))
    # what is done on the way to the first check is seen there, and not taken for how things are
    with pytest.raises(BadInput, match=r"method everywhere-deed-grad_mode changed torch's gradient mode"):
        asking.ask(planned(*LINES, "method=[everywhere]", "method.everywhere.deed=grad_mode"))
    # who dies when asked is left to the study, and the one after it is asked
    study = planned(*LINES, "method=[slow,dies,refuses]")
    # plug-ins that were made here stay here: they may hold what cannot be sent
    study._plugins["methods", "slow"] = lambda: None
    assert set(study.artefacts().stages()) == {asking.STAGE}
    asking.ask(study)
    known = {record["asked"] for key in study.artefacts().keys(asking.STAGE) if (record := _record(study, key))}
    assert known == {"method-slow", "method-refuses"}
    monkeypatch.setattr(asking, "_answered", lambda *_: pytest.fail("known to be good, and asked again"))
    asking.ask(planned(*LINES, "method=[slow,refuses]"))


def _record(study, key):
    return study.artefacts().known(asking.STAGE, key)
