"""An observer is told what the image shows: where regions lie and what tissue is there, and nothing of before."""

from types import SimpleNamespace

import numpy as np
import pytest

from simulators.anatomy.mni152 import MNI152
from simulators.brain import Brain
from simulators.contrast import Contrast
from simulators.pathology.atrophy import Atrophy
from simulators.pathology.diffuse import Diffuse
from simulators.pathology.focal import Focal
from simulators.pathology.one_of import OneOf
from simulators.pathology.several import Several
from simulators.pathology.thinning import Thinning
from simulators.pathology.ventricles import Ventricles
from simulators.separability import as_seen
from simulators.task.patterns import Patterns

VENTRICLES = ("left lateral ventricle", "right lateral ventricle")
CORTEX = ("left precuneus", "right precuneus")
BOTH = Patterns((((0, 0),), ((1, 1),)))
EITHER = Patterns((((0, 0),), ((0, 1), (1, 0))))


def told(brain, amplitude):
    """The anatomy and the shape that an observer is told of a control and of a patient, and their scenes."""
    scenes = [brain.scene(subject, "test") for subject in (0, 1)]
    heard = []

    def features(image, anatomy, shape):
        heard.append((anatomy, shape))
        return np.zeros(1)

    as_seen(brain.parts, amplitude, SimpleNamespace(features=features), scenes)
    return [(anatomy, shape, scene) for (anatomy, shape), scene in zip(heard, scenes, strict=True)]


def volume(anatomy, brain):
    return sum((anatomy.labels == brain.region_names.index(name) + 1).sum() for name in VENTRICLES)


def test_regions_lie_where_they_are_now():
    brain = Brain(Ventricles(), anatomy=MNI152(4.0))
    (control, _, well), (patient, _, sick) = told(brain, 0.3)
    assert volume(control, brain) == volume(well.warped, brain)
    assert volume(patient, brain) > 1.5 * volume(sick.warped, brain)


MOVING = {
    "alone": lambda: Brain(Ventricles()),
    "beside others": lambda: Brain(Several((Ventricles(), Diffuse()), (None, None)), task=BOTH),
    "in one of several places": lambda: Brain(OneOf(Ventricles(VENTRICLES[:1]), (VENTRICLES[1:],)), task=EITHER),
}


@pytest.mark.parametrize("name", MOVING)
def test_nobody_knows_how_large_ventricles_were_where_anatomy_moves(name):
    for _, shape, scene in told(MOVING[name](), 0.3):
        assert not shape["ventricles"].any() and np.array_equal(shape["scale"], scene.shape["scale"])


def test_ventricles_that_nothing_moves_are_as_the_image_shows_them():
    for _, shape, scene in told(Brain(Diffuse()), 0.3):
        assert np.array_equal(shape["ventricles"], scene.shape["ventricles"])


@pytest.mark.parametrize(
    "law", [Atrophy(CORTEX), Thinning(CORTEX), Thinning(CORTEX, surface="white")], ids=["atrophy", "pial", "white"]
)
def test_tissue_that_turned_to_another_is_not_there(law):
    brain = Brain(law, anatomy=MNI152(4.0))
    (control, _, well), (patient, _, sick) = told(brain, 0.5)
    assert control is well.warped
    assert np.array_equal(patient.labels, sick.warped.labels)
    ill = np.isin(sick.warped.labels, [brain.region_names.index(name) + 1 for name in CORTEX])
    now, before = (anatomy.maps[:, ill].sum(1) for anatomy in (patient, sick.warped))
    assert now[0] < 0.95 * before[0] and now[2] == before[2]
    assert now[1] > 1.05 * before[1] if law.becomes == "wm" else now[1] == before[1]


def test_a_lesion_is_not_told_from_the_tissue_around_it():
    for anatomy, _, scene in told(Brain(Focal(), contrast=Contrast()), 0.9):
        assert anatomy is scene.warped
