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
        "train": [0.2154113, 0.3251004, -0.02526562, 0.002951899, -0.00585259, 0.07128326],
        "twins": [0.2039694, 0.3160417, 0.02348196, 0.01751795, 0.0301777, -0.1167174],
        "planted": [-0.001179401, 0.01753217, -0.2840156, -0.01639614, -0.1158737, 0.07331441],
        "counterfactual": [-0.0003992836, 0.005923609, -0.2901624, -0.01699748, -0.1044877, 0.0756469],
        "regions": [18.28556, 32.4529, -0.1552245, -0.1855417, -0.06488866, -0.09616125],
        "redraws": [0.2004086, 0.3117072, 0.003903181, -0.06666111, 0.006858848, 0.001245844],
    }),
    "focal": (Brain(Focal(), contrast=FLAIR, separability=0.99, amplitude=0.3), {
        "train": [0.1529916, 0.2286833, -0.03742345, 0.07656245, -0.04032358, 0.06689076],
        "twins": [0.1438484, 0.2202975, 0.158947, 0.04142513, -0.0003509749, -0.1169969],
        "planted": [0.0003081926, 0.00822842, 0.2273249, -0.02389591, -0.03391192, 0.5981226],
        "counterfactual": [0.0001358057, 0.003711413, 0.24956, 0.001704232, -0.04044497, 0.6192088],
        "regions": [18.28556, 32.4529, -0.1552245, -0.1855417, -0.06488866, -0.09616125],
        "redraws": [0.1407906, 0.2159533, -0.0103778, -0.02072635, 0.01048256, 0.0001471554],
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
