"""Subjects of published studies stay the same."""

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
        "train": [0.1944822, 0.2971252, 0.007083096, 0.01183759, -0.004412299, 0.07454659],
        "twins": [0.1837709, 0.2883254, 0.01157586, 0.02845115, -0.01087232, -0.1371273],
        "planted": [-0.001302144, 0.01817527, -0.5577979, 0.3795587, -0.2343283, 0.1699906],
        "counterfactual": [-0.0005050386, 0.007047953, -0.5445422, 0.3595776, -0.2405349, 0.1651751],
        "regions": [18.31771, 32.46994, -0.1393528, -0.2137132, -0.04005208, -0.04813881],
        "redraws": [0.180511, 0.2844468, 0.004763825, -0.04986069, 0.007998617, 0.001654623],
    }),
    "focal": (Brain(Focal(), contrast=FLAIR, separability=0.99, amplitude=0.3), {
        "train": [0.1522756, 0.2273482, -0.01163692, 0.08924163, -0.03728621, 0.0835123],
        "twins": [0.1431683, 0.2191024, 0.1414519, 0.04790231, -0.05447459, -0.1151403],
        "planted": [-0.000853758, 0.01281252, 0.1081918, 0.04880176, 0.0243073, -0.1369863],
        "counterfactual": [0.0003879441, 0.005959993, -0.1341839, 0.0055512, -0.03105934, 0.1266867],
        "regions": [18.31771, 32.46994, -0.1393528, -0.2137132, -0.04005208, -0.04813881],
        "redraws": [0.1404567, 0.2152185, -0.01178203, -0.01199464, 0.01179299, 5.696047e-05],
    }),
}  # fmt: skip


@pytest.mark.parametrize("name", GOLDEN)
def test_published_subjects_stay_the_same(name):
    brain, golden = GOLDEN[name]
    cohort = brain.cohort((0, 1, 2, 3))
    volumes = {
        "train": brain.sample((0, 1, 2, 3), "train").images,
        "twins": cohort.twins,
        "planted": cohort.truths["planted"].volume,
        "counterfactual": cohort.truths["counterfactual"].volume,
        "regions": cohort.regions,
        "redraws": brain.redraws(1, "evaluation", 2),
    }
    assert [part for part in golden if not same(volumes[part], golden[part])] == []


def test_a_fingerprint_tells_subjects_places_and_signs_apart():
    images = GOLDEN["focal"][0].sample((0, 1), "train").images
    golden = fingerprint(images)
    assert same(images * (1 + 1e-6), golden)
    assert not same(images.flip(0), golden) and not same(images.roll(1, 2), golden) and not same(-images, golden)
    assert not same(images * 1.001, golden)
