"""Subjects of published studies keep their bytes."""

import hashlib

import pytest

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
        "train": "14c2483f0f2813d0", "twins": "a447bd13bbfe2808", "planted": "e253d9a2c6e04fb8",
        "counterfactual": "269a8ecedfd5206a", "regions": "bd777736cdcde1a4", "redraws": "5be65eceef477c29",
    }),
    "focal": (Brain(Focal(), contrast=FLAIR, separability=0.99, amplitude=0.3), {
        "train": "dc08e460becc328c", "twins": "a47372ec40b4bfb1", "planted": "f4d1c63779917f91",
        "counterfactual": "01e0f47c95331265", "regions": "bd777736cdcde1a4", "redraws": "76ab676ae1fc64c5",
    }),
}  # fmt: skip


def digest(tensor):
    return hashlib.sha256(tensor.contiguous().numpy().tobytes()).hexdigest()[:16]


@pytest.mark.parametrize("name", GOLDEN)
def test_published_subjects_keep_their_bytes(name):
    brain, expected = GOLDEN[name]
    cohort = brain.cohort((0, 1, 2, 3))
    found = {
        "train": brain.sample((0, 1, 2, 3), "train").images,
        "twins": cohort.twins,
        "planted": cohort.truths["planted"].volume,
        "counterfactual": cohort.truths["counterfactual"].volume,
        "regions": cohort.regions,
        "redraws": brain.redraws(1, "evaluation", 2),
    }
    assert {part: digest(tensor) for part, tensor in found.items()} == expected
