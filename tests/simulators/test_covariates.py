"""Covariates go with the label where they should, move what they say, and vanish with the pathology."""

import numpy as np
import pytest
import torch
from renders import loss

from bench.contracts import BadInput
from simulators.brain import Brain
from simulators.covariates import Covariate
from simulators.nuisance import Scanner
from simulators.pathology.atrophy import Atrophy
from simulators.pathology.rim import Rim
from simulators.pathology.several import Several
from simulators.streams import generator
from simulators.task.confounded import Confounded
from simulators.task.graded import Graded
from simulators.task.shortcut import Shortcut
from simulators.task.single import SingleCause

MTL = Atrophy(("left hippocampus", "right hippocampus"))
AGE = Covariate("age", 0.6, {"shape.ventricles": 0.1, "local.volume": -0.03})
SITE = Covariate("site", 0.8, {"nuisance.gain": 0.05, "nuisance.bias": 0.04, "nuisance.noise": 0.2}, "binary")
SEX = Covariate("sex", 1.0, {"shape.size": 0.02}, "binary")
EXPECTED = {"train": 1, "validation": 1, "test": 1, "reversed": -1, "decorrelated": 0, "evaluation": 0}


def _brain(*covariates, cause=None):
    return Brain(MTL, task=Confounded(cause or SingleCause(), covariates), amplitude=0.3)


@pytest.mark.parametrize("covariate", [AGE, SITE, SEX], ids=lambda c: c.name)
def test_values_are_standard_and_go_with_the_side_as_asked(covariate):
    task = Confounded(SingleCause(), (covariate,))
    for stream, sign in EXPECTED.items():
        draws = [lambda name, s=s, t=stream: generator(t, s, name) for s in range(4000)]
        values = [task.covariate_values(s, stream, draw, False)[covariate.name] for s, draw in enumerate(draws)]
        assert np.corrcoef(values, np.arange(4000) % 2)[0, 1] == pytest.approx(sign * covariate.correlation, abs=0.04)
        assert (np.mean(values), np.std(values)) == pytest.approx((0, 1), abs=0.05)


def test_each_latent_moves_by_the_effect_and_nothing_else_does():
    plain, moved = Brain(MTL, amplitude=0.3), _brain(AGE, SITE, SEX)
    for subject in range(4):
        old, new = (brain.scene(subject, "train") for brain in (plain, moved))
        added = new.added
        np.testing.assert_allclose(new.shape["scale"], old.shape["scale"] + added["shape.size"], rtol=1e-6)
        np.testing.assert_allclose(
            new.shape["ventricles"], old.shape["ventricles"] + added["shape.ventricles"], atol=1e-6
        )
        np.testing.assert_allclose(new.local.volume[1:], old.local.volume[1:] + added["local.volume"], atol=1e-6)
        assert new.local.volume[0] == 0
        assert new.scan.gain == pytest.approx(old.scan.gain + added["nuisance.gain"])
        assert new.scan.noise == pytest.approx(old.scan.noise * np.exp(added["nuisance.noise"]))
        np.testing.assert_allclose(new.scan.bias - old.scan.bias, [added["nuisance.bias"], *[0] * 8], atol=1e-7)
        assert all(np.array_equal(old.shape[k], new.shape[k]) for k in ("lattice", "rotation", "shift"))
        assert np.array_equal(old.local.folding, new.local.folding)


def test_without_effect_a_subject_keeps_its_bytes():
    nothing = Covariate("age", 0.6, {"shape.size": 0.0, "nuisance.noise": 0.0})
    assert torch.equal(*(b.sample([0, 1], "train").images for b in (Brain(MTL, amplitude=0.3), _brain(nothing))))


def test_twins_share_covariates():
    brain = _brain(AGE, SITE, SEX)
    own, twin = (brain.sample([1], "train", do).images[0, 0] for do in (None, {"pathology": "swap"}))
    affected = torch.from_numpy(loss(brain, brain.scene(1, "train"), 1.0)) != 0
    assert torch.equal(own[~affected], twin[~affected])
    assert not torch.equal(own, twin)


def test_with_the_pathology_off_covariates_say_nothing_of_the_side():
    """At correlation 1 sex is the label; off, it is the same draw without it."""
    brain = _brain(SEX)
    sizes = {free: np.array([brain.scene(s, "test", free).added["shape.size"] for s in range(60)]) for free in (0, 1)}
    assert np.array_equal(np.sign(sizes[0]), np.where(np.arange(60) % 2, 1, -1))
    assert abs(np.corrcoef(sizes[1], np.arange(60) % 2)[0, 1]) < 0.35
    changed = int(np.flatnonzero(sizes[0] != sizes[1])[0])
    swapped, off = (brain.sample([changed], "test", {"pathology": do}).images for do in ("swap", "off"))
    assert (swapped[0, 0] != 0).sum() != (off[0, 0] != 0).sum()


@pytest.mark.parametrize(("name", "value"), [("age", 1.5), ("site", 1), ("site", -1), ("sex", 1), ("sex", -1)])
def test_a_covariate_that_is_set_changes_itself_and_nothing_else(name, value):
    """Label, other covariates, pathology and all draws stay; set to its own value, every byte does."""
    brain = _brain(AGE, SITE, SEX)
    for subject in (1, 2):
        own, do = brain.record(subject, "train"), {"covariates": {name: value}}
        new, plain, changed = (
            brain.record(subject, "train", do),
            *(brain.sample([subject], "train", d) for d in ({}, do)),
        )
        told = {f"covariate_{c}": own[f"covariate_{c}"] for c in ("age", "site", "sex")}
        assert {n: new[n] for n in told} == told | {f"covariate_{name}": value}
        assert torch.equal(plain.targets, changed.targets) and new["severity"] == own["severity"]
        same = brain.sample([subject], "train", {"covariates": {name: own[f"covariate_{name}"]}})
        assert torch.equal(same.images, plain.images)
        assert torch.equal(changed.images, plain.images) == (value == own[f"covariate_{name}"])


def test_setting_a_covariate_moves_latents_by_its_effect():
    brain = _brain(AGE, SITE)
    own, new = brain.record(3, "train"), brain.record(3, "train", {"covariates": {"age": 2.0}})
    years = 2.0 - own["covariate_age"]
    assert new["ventricles_left"] - own["ventricles_left"] == pytest.approx(0.1 * years, rel=1e-4)
    same = ("gain", "noise", "bias_x", "rotation_x", "scale_x", "intensity_gm")
    assert [new[n] for n in same] == [own[n] for n in same]


def test_a_site_that_is_set_scales_the_image_as_its_gain_says():
    silent = Scanner(bias=0.0, gain=0.0, noise=0.0)
    site = Covariate("site", 0.8, {"nuisance.gain": 0.05}, "binary")
    brain = Brain(MTL, task=Confounded(SingleCause(), (site,)), nuisance=silent, amplitude=0.3)
    low, high = (brain.sample([1], "train", {"covariates": {"site": v}}).images for v in (-1, 1))
    torch.testing.assert_close(high, low * float(np.exp(0.1)))


@pytest.mark.parametrize(
    ("brain", "value", "says"),
    [
        (Brain(MTL, amplitude=0.3), {"age": 1}, "task's covariates: none"),
        (_brain(AGE), 1, r"task's covariates: \['age'\]"),
        (_brain(AGE), {"aeg": 1}, "did you mean 'age'"),
        (_brain(AGE), {"age": 30}, r"do\.covariates\.age=30"),
        (_brain(SEX), {"sex": 0}, r"do\.covariates\.sex=0 .*give -1 or 1"),
    ],
)
def test_impossible_values_of_covariates_are_one_sentence(brain, value, says):
    with pytest.raises(BadInput, match=says) as error:
        brain.sample([1], "train", {"covariates": value})
    assert "\n" not in str(error.value)


def test_a_redrawn_region_and_another_scan_belong_to_the_same_subject():
    """Covariates of the subject stay when its scan or a region is drawn anew."""
    brain = _brain(Covariate("site", 1.0, {"nuisance.gain": 0.4}, "binary"))
    patient = brain.sample([1], "train").images.sum() / brain.sample([1], "train", {"rescan": 1}).images.sum()
    redrawn = brain.redraws(1, "train", 1).flatten(1).sum(1) / brain.sample([1], "train").images.sum()
    assert patient == pytest.approx(1, abs=0.15)
    assert (redrawn - 1).abs().max() < 0.05


def test_a_bank_of_confounded_subjects_gives_their_bytes(tmp_path):
    brain = _brain(AGE, SITE)
    brain.fill_bank({"train": 2, "test": 2}, tmp_path)
    banked = brain.with_bank(tmp_path)
    for stream, do in (("train", None), ("test", {"pathology": "off"}), ("test", {"pathology": "swap"})):
        assert torch.equal(brain.sample([0, 1], stream, do).images, banked.sample([0, 1], stream, do).images)


def test_only_anatomy_that_goes_with_the_label_makes_a_bank_depend_on_the_task():
    plain = {"anatomy": {"a": 1}, "task": {"_target_": "simulators.task.single.SingleCause"}}
    assert Brain.banked(plain) == {"anatomy": {"a": 1}}
    assert Brain.banked(plain | {"task": {"covariates": []}}) == {"anatomy": {"a": 1}, "task": {"covariates": []}}


def test_values_are_confounded_by_their_half():
    brain = _brain(SEX, cause=Graded())
    assert brain.kind == "regression"
    targets = brain.sample(range(4), "train").targets
    signs = np.sign([brain.scene(s, "train").added["shape.size"] for s in range(4)])
    assert brain.sides(targets).tolist() == ((signs + 1) / 2).tolist() == [0, 1, 0, 1]


def test_a_rim_brightens_the_contour_alone():
    brain = Brain(Several((MTL, Rim()), (None, 0.2)), task=Shortcut(SingleCause()), amplitude=0.3)
    without, rimmed = (brain.sample([0], "train", {"marker": m}).images[0, 0] for m in ("off", "on"))
    change = rimmed - without
    depth = torch.nn.functional.avg_pool3d((without != 0).float()[None, None], 3, 1, 1)[0, 0]
    assert (change[without == 0] == 0).all()
    assert change[depth > 0.999].abs().max() == 0
    assert change[change != 0].mean() == pytest.approx(0.2, abs=0.03)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Covariate("age", 0.5, {}), r"Covariate\.effects=\{\}"),
        (lambda: Covariate("age", 0.5, {"shape.sise": 0.1}), r"did you mean 'shape\.size'"),
        (lambda: Covariate("age", 0.5, {"shape.size": 3}), r"effects=.*shape\.size.: 3.*at least -0\.5"),
        (lambda: Confounded(SingleCause(), ()), "one or more"),
        (lambda: Confounded(SingleCause(), (AGE, AGE)), "its own name"),
        (lambda: Brain(MTL, task=Confounded(Confounded(SingleCause(), (AGE,)), (SEX,))), "around the other"),
    ],
)
def test_impossible_covariates_are_one_sentence(make, says):
    with pytest.raises(BadInput, match=says) as error:
        make()
    assert "\n" not in str(error.value)
