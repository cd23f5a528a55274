"""Subjects of published studies stay the same."""

import json

import fingerprint as module
import numpy as np
import pytest
from fingerprint import fingerprint, same

from simulators.brain import Brain
from simulators.contrast import Contrast
from simulators.pathology.atrophy import Atrophy
from simulators.pathology.focal import Focal

MEDIAL_TEMPORAL = tuple(
    f"{side} {name}" for name in ("hippocampus", "amygdala", "parahippocampal gyrus") for side in ("left", "right")
)
FLAIR = Contrast(gm=0.58, wm=0.48, csf=0.12, lesion=1.0, spread=0.02, detail=-0.3)
GOLDEN = {
    "mtl_atrophy": (Brain(Atrophy(MEDIAL_TEMPORAL), amplitude=0.3), {
        "train": [0.1963017, 0.2956699, 0.06054614, -0.07105382, 0.01796522, 0.004707267],
        "twins": [0.1837043, 0.2857794, 0.1073904, -0.07890251, -0.01248572, -0.02907562],
        "planted": [-0.001240359, 0.01753439, 0.1000642, -0.09199194, 0.1895138, -0.117854],
        "counterfactual": [-0.0004795694, 0.006774216, 0.1139306, -0.094289, 0.1981496, -0.1016642],
        "regions": [18.53855, 32.6292, -0.2227607, -0.02506863, -0.4446674, 0.2038018],
        "redraws": [0.1771805, 0.2800076, -0.003959936, -0.006034334, 0.01155108, 0.001697903],
    }),
    "focal": (Brain(Focal(), contrast=FLAIR, separability=0.99, amplitude=0.3), {
        "train": [0.1530874, 0.2258312, 0.09355144, -0.09862058, 0.01360449, 0.0524388],
        "twins": [0.1426358, 0.2169317, 0.08843333, -0.07104829, -0.004408408, 0.01026954],
        "planted": [-0.000927179, 0.01325848, -0.2048697, 0.05323297, -0.05069587, -0.1271059],
        "counterfactual": [0.0004167466, 0.006081247, 0.2208493, -0.07204963, 0.0522517, 0.1440503],
        "regions": [18.53855, 32.6292, -0.2227607, -0.02506863, -0.4446674, 0.2038018],
        "redraws": [0.1374197, 0.2115274, -0.009668533, 0.01105915, 0.01317326, 0.0001017416],
    }),
}  # fmt: skip


def made(name):
    """Volumes of a simulator, as they are called in GOLDEN."""
    brain, _ = GOLDEN[name]
    cohort = brain.cohort((0, 1, 2, 3))
    return {
        "train": brain.sample((0, 1, 2, 3), "train").images,
        "twins": cohort.twins,
        "planted": cohort.truths["planted"].volume,
        "counterfactual": cohort.truths["counterfactual"].volume,
        "regions": cohort.regions,
        "redraws": brain.redraws(1, "evaluation", 2),
    }


def named():
    """Name and volumes of all that is golden here."""
    return ((f"{name} {part}", volumes) for name in GOLDEN for part, volumes in made(name).items())


@pytest.mark.parametrize("name", GOLDEN)
def test_published_subjects_stay_the_same(name):
    golden, volumes = GOLDEN[name][1], made(name)
    assert [part for part in golden if not same(volumes[part], golden[part], f"{name} {part}")] == []


def test_a_fingerprint_tells_subjects_places_and_signs_apart():
    images = GOLDEN["focal"][0].sample((0, 1), "train").images
    golden = fingerprint(images)
    assert same(images * (1 + 1e-6), golden)
    assert not same(images.flip(0), golden) and not same(images.roll(1, 2), golden) and not same(-images, golden)
    assert not same(images * 1.001, golden)


def test_a_single_bit_is_seen_on_a_kind_of_machine_that_is_known(tmp_path, monkeypatch):
    images = np.ones((2, 3), np.float32)
    other, golden = np.nextafter(images, 2), fingerprint(images)
    monkeypatch.setattr(module, "DIGESTS", tmp_path / "digests.json")
    assert same(other, golden, "ones")
    module.DIGESTS.write_text(json.dumps({module.machine(): {"ones": module.digest(images)}}))
    assert same(images, golden, "ones") and not same(other, golden, "ones")
    assert not same(images, golden, "a name without a digest")
