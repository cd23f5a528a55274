"""What a simulator is made of is bound once, and the base class says no for what a simulator does not have."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from bench.contracts import BadInput, Simulator, Undefined, Unsupported
from simulators.anatomy.mni152 import MNI152
from simulators.brain import Brain
from simulators.observe.observers import WholeBrain
from simulators.pathology.atrophy import Atrophy
from simulators.pathology.deformation import Deformation
from simulators.pathology.focal import Focal
from simulators.pathology.lesion_load import LesionLoad
from simulators.pathology.marker import Marker
from simulators.pathology.several import Several
from simulators.pathology.texture import Texture

HIPPOCAMPI = ("left hippocampus", "right hippocampus")
CAN = {
    "acting": (Atrophy(HIPPOCAMPI), Focal(), LesionLoad(), Marker("brain stem"), Texture(HIPPOCAMPI)),
    "moving": (Deformation(HIPPOCAMPI),),
    "dividing": (Deformation(HIPPOCAMPI),),
    "changing": (Marker("brain stem"), Texture(HIPPOCAMPI)),
    "growing": (LesionLoad(),),
    "placed": (Focal(), LesionLoad()),
    "grained": (Texture(HIPPOCAMPI),),
}


@pytest.mark.parametrize("act", CAN)
def test_a_part_is_asked_once_what_it_does(act):
    laws = tuple(dict.fromkeys(law for laws in CAN.values() for law in laws))
    brain = Brain(Several(laws, (None,) * len(laws)), anatomy=MNI152(4.0), amplitude=0.3)
    found = {part.law for part in brain.parts.pathologies if getattr(part, act) is part.law}
    assert found == set(CAN[act])
    assert brain.parts.pathologies is brain.parts.pathologies


def test_an_amplitude_is_a_part_s_own_or_the_calibrated_one():
    parts = Brain(Several((Focal(), Marker("brain stem")), (None, 0.7)), amplitude=0.3).parts.pathologies
    assert [(part.dialled, part.amplitude) for part in parts] == [(True, 0.3), (False, 0.7)]
    with pytest.raises(BadInput, match=r"simulator\.amplitude is not set"):
        Brain(Focal()).sample([1], "train")


class Unfinished:
    """A pathology that its author has only begun."""

    version, summary = "1", "Nothing yet."

    def validate(self, region_names):
        pass


class Idle(Unfinished):
    observer, family = WholeBrain, "none"

    def draw(self, rng, place):
        return {"severity": 1.0}


ASKS = "Unfinished has no family, observer, draw; give it what Pathology in simulators.pathology.protocol asks"
EITHER = "simulator.pathology: Idle changes nothing; give it an `extent`"


@pytest.mark.parametrize(
    ("pathology", "said"),
    [
        (lambda: Unfinished(), f"Brain.pathology: {ASKS}"),
        (lambda: Several((Focal(), Unfinished()), (None, 0.5)), rf"Several.parts\[1\]: {ASKS}"),
        (lambda: Idle(), EITHER),
        (lambda: Several((Focal(), Idle()), (None, 0.5)), EITHER),
    ],
)
def test_a_pathology_is_told_in_one_sentence_what_it_lacks(pathology, said):
    with pytest.raises(BadInput, match=f"^{said}") as error:
        Brain(pathology())
    assert "\n" not in str(error.value)


def test_the_scene_of_a_subject_is_drawn_once_for_all_that_is_done_to_it():
    brain = Brain(Atrophy(HIPPOCAMPI), amplitude=0.3)
    assert brain.scene(1, "test") is brain.scene(1, "test", free=True)
    assert brain.with_data_seed(1).scene(1, "test") is not brain.scene(1, "test")


def test_a_training_image_takes_one_short_road():
    tests = Path(__file__).parents[1]
    command = [sys.executable, str(tests / "structure_walk.py"), "image"]
    walked = subprocess.run(command, cwd=tests.parent, check=True, capture_output=True, text=True).stdout
    assert 0 < json.loads(walked.splitlines()[-1])["across"] <= 60


class Least(Simulator):
    """What every simulator has, and no more."""

    kind, target, shape, region_names = "classes", (1, 0), (8, 8, 8), ("octant",)
    sides = with_amplitude = with_data_seed = sample = cohort = redraws = lambda self, *given: None


def test_a_simulator_has_what_it_says_and_refuses_the_rest_in_one_sentence(tmp_path):
    least = Least()
    assert (least.splits, least.mixes, least.atlas, least.centre, least.displaced) == ((), False, None, 0, frozenset())
    assert (least.outputs, least.modality) == (2, "T1w")
    assert least.record(1, "test") == least.population([1], "test", 20) == {} and Least.banked({}) is None
    for ask in (
        lambda: least.switches(0, "test", [()]),
        lambda: least.calibrate(),
        lambda: least.audit(20),
        lambda: least.fill_bank({}, tmp_path),
        lambda: least.with_bank(tmp_path),
    ):
        with pytest.raises(Unsupported, match="the simulator has no") as error:
            ask()
        assert "\n" not in str(error.value)
    with pytest.raises(Undefined, match="knows where anatomies correspond"):
        least.to_anatomy_of(torch.zeros(1, 8, 8, 8), 0, 1, "test")
