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
        "train": "3407d359010829a2", "twins": "7915c57e0aeb8609", "planted": "d80cf82f32c1e74a",
        "counterfactual": "cc315f997ba908fc", "regions": "61e44419294acb54", "redraws": "4fe75356efe56904",
    }),
    "focal": (Brain(Focal(), contrast=FLAIR, separability=0.99, amplitude=0.3), {
        "train": "fb4821333a7aa4cc", "twins": "60500fae5f22715a", "planted": "aacd6b8bebf0aaf6",
        "counterfactual": "d3b738598dbb5dda", "regions": "61e44419294acb54", "redraws": "4b99c817c4ba3b0f",
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
