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
        "train": [0.1963996, 0.2958489, 0.01637211, -0.06379296, 0.04757747, 0.01467701],
        "twins": [0.182479, 0.2844011, 0.007636875, -0.1283147, -0.002654766, -0.02191489],
        "planted": [-0.002644577, 0.02490313, 0.3104728, -0.3809214, 0.2369897, -0.07959731],
        "counterfactual": [-0.001007072, 0.009534564, 0.3611924, -0.3937103, 0.2038425, -0.1033121],
        "regions": [12.83686, 21.05167, 0.3610575, 0.4270162, -0.3967998, 0.09796435],
        "redraws": [0.1741159, 0.2769729, 0.007364538, 0.003070223, -0.001789211, -0.005151578],
    }),
    "focal": (Brain(Focal(), contrast=FLAIR, separability=0.99, amplitude=0.3), {
        "train": [0.1533642, 0.2260441, 0.0493435, -0.05771459, 0.06367712, 0.03130819],
        "twins": [0.1414735, 0.2153148, -0.0492226, -0.1200168, -0.01337988, -0.006579631],
        "planted": [0.0003154074, 0.008400093, -0.03428744, 0.3334123, 0.1041002, -0.6070897],
        "counterfactual": [0.0001421959, 0.003863513, -0.06498078, 0.3241247, 0.1351377, -0.5978269],
        "regions": [12.83686, 21.05167, 0.3610575, 0.4270162, -0.3967998, 0.09796435],
        "redraws": [0.1335882, 0.206194, 0.004967336, 0.006308577, -0.004277825, -0.002526884],
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
