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
        "train": [0.194472, 0.2971137, 0.004697541, 0.006772962, -0.003965679, 0.07340491],
        "twins": [0.1837753, 0.28833, 0.0161669, 0.02966134, -0.01372872, -0.140292],
        "planted": [-0.001302805, 0.01816919, -0.596811, 0.2858637, -0.179863, 0.1232503],
        "counterfactual": [-0.0005052962, 0.007045756, -0.5833459, 0.2630541, -0.1828726, 0.1161487],
        "regions": [18.31909, 32.46964, -0.1274102, -0.1978481, -0.04854036, -0.05449602],
        "redraws": [0.1805083, 0.2844465, 0.005511253, -0.04938961, 0.007424394, 0.001463859],
    }),
    "focal": (Brain(Focal(), contrast=FLAIR, separability=0.99, amplitude=0.3), {
        "train": [0.1521487, 0.2271496, -0.01287672, 0.09158436, -0.03475058, 0.08019751],
        "twins": [0.1430187, 0.2188424, 0.1528831, 0.05416553, -0.05795929, -0.1184647],
        "planted": [0.0003083717, 0.008349497, 0.5391131, -0.1541313, 0.0956242, -0.1380097],
        "counterfactual": [0.0001363778, 0.003792217, 0.500377, -0.07403782, 0.09015763, -0.1088696],
        "regions": [18.31909, 32.46964, -0.1274102, -0.1978481, -0.04854036, -0.05449602],
        "redraws": [0.1401802, 0.2147094, -0.01003084, -0.01206993, 0.01132554, 5.515883e-07],
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
