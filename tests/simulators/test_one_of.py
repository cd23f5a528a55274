"""One pathology in one of several places: where it lies, what is redrawn, and who sees it."""

from dataclasses import replace

import numpy as np
import pytest

from bench.contracts import BadInput
from bench.passes.discrimination import auc
from simulators.anatomy.mni152 import MNI152
from simulators.brain import Brain
from simulators.draw.subject import draw
from simulators.intervene.strata import stratified
from simulators.nuisance import Scanner
from simulators.observe.observers import Joint
from simulators.observe.one_of import OneOfPlaces
from simulators.observe.readout import fit
from simulators.pathology.atrophy import Atrophy
from simulators.pathology.deformation import Deformation
from simulators.pathology.focal import Focal
from simulators.pathology.one_of import OneOf
from simulators.separability import as_seen, observer
from simulators.task.patterns import Patterns
from simulators.task.single import SingleCause

PLACES = tuple(
    tuple(f"{side} {name}" for side in ("left", "right"))
    for name in ("insula", "precuneus", "lingual gyrus", "thalamus", "inferior temporal gyrus", "pars opercularis")
)
PATTERNS = tuple(tuple(int(part == place) for part in range(6)) for place in range(6))
ONE_OF_SIX = Patterns((((0,) * 6,), PATTERNS))
ATROPHY = Brain(OneOf(Atrophy(PLACES[0]), PLACES[1:]), task=ONE_OF_SIX, amplitude=0.4)
DEFORMATION = Brain(
    OneOf(Deformation(PLACES[0]), PLACES[1:]),
    MNI152(4.0),
    task=ONE_OF_SIX,
    amplitude=0.3,
    nuisance=Scanner(bias=0.0, gain=0.0, noise=0.0),
)


def place_of(subject):
    """The number of a patient's place."""
    return int(np.argmax(ONE_OF_SIX.pattern(subject)))


def test_every_place_is_taken_equally_often_and_by_one_patient_after_the_other():
    assert [place_of(subject) for subject in range(1, 24, 2)] == [*range(6), *range(6)]


@pytest.mark.parametrize("brain", [ATROPHY, DEFORMATION], ids=["atrophy", "deformation"])
def test_a_patient_is_changed_in_its_own_place_and_a_control_s_twin_in_another_next_time(brain):
    cohort = brain.cohort(range(12), "evaluation")
    changed = []
    for regions, truth in zip(cohort.regions, cohort.truths["counterfactual"].volume, strict=True):
        mass = [truth.abs()[regions == brain.region_names.index(name) + 1].sum() for name, _ in PLACES]
        changed.append(int(np.argmax(mass)))
    assert changed[1::2] == [place_of(subject) for subject in range(1, 12, 2)]
    assert sorted(changed[::2]) == [*range(6)]


def test_a_place_is_one_and_no_region_lies_in_two():
    for elsewhere in ((), (PLACES[0],), (PLACES[1], PLACES[1])):
        with pytest.raises(BadInput, match=r"OneOf\.elsewhere=.*give the regions of one further place or more"):
            OneOf(Atrophy(PLACES[0]), elsewhere)
    with pytest.raises(BadInput, match=r"its patterns have 6 parts, pathology\.parts has 2"):
        Brain(OneOf(Atrophy(PLACES[0]), PLACES[1:2]), task=ONE_OF_SIX)
    with pytest.raises(BadInput, match="no region 'left nowhere'"):
        Brain(
            OneOf(Atrophy(PLACES[0]), (("left nowhere",),)),
            task=replace(ONE_OF_SIX, classes=(((0, 0),), ((1, 0), (0, 1)))),
        )
    with pytest.raises(BadInput, match=r"OneOf\.law"):
        OneOf(Focal(), PLACES[1:])


@pytest.mark.parametrize("elsewhere", [("left precuneus", "right cuneus"), ("brain stem",)])
def test_places_on_other_sides_are_refused(elsewhere):
    with pytest.raises(BadInput, match=r"OneOf\.elsewhere=.*places that lie alike"):
        Brain(OneOf(Atrophy(PLACES[0]), (elsewhere,)), task=Patterns((((0, 0),), ((1, 0), (0, 1)))))


@pytest.mark.parametrize("law", [Atrophy, Deformation])
def test_places_of_unlike_numbers_of_regions_are_read_alike(law):
    """Two regions, four, and two: one row of statistics a place."""
    places = (PLACES[0], (*PLACES[1], *PLACES[2]), PLACES[3])
    patterns = Patterns((((0, 0, 0),), ((1, 0, 0), (0, 1, 0), (0, 0, 1))))
    brain = Brain(OneOf(law(places[0]), places[1:]), MNI152(4.0), task=patterns, amplitude=0.4)
    watcher = observer(brain.parts, 0.4, [draw(brain.parts, subject, "calibration") for subject in range(4)])
    assert isinstance(watcher, OneOfPlaces)
    assert len(watcher.mean) == 3


def test_anatomy_that_moves_in_two_places_of_one_subject_is_refused():
    with pytest.raises(BadInput, match="more than one part that moves anatomy in one subject"):
        replace(DEFORMATION, task=SingleCause())


def test_the_chance_of_disease_in_a_region_is_that_of_its_place():
    found = stratified(ATROPHY.parts, ATROPHY.scene(1, "evaluation"), 8)
    ill = {name for place in PLACES for name in place}
    for name, (_, chance), strata in zip(ATROPHY.region_names, found.chances, found.strata, strict=True):
        assert float(chance) == pytest.approx(1 / 12 if name in ill else 0)
        assert strata.sum() == (4 if name in ill else 0)


def test_redrawing_a_place_leaves_the_disease_of_another_where_it_is():
    """A patient with atrophy of the first place keeps it whatever is drawn in the second."""
    scene = DEFORMATION.scene(1, "evaluation")
    assert place_of(1) == 0
    own, healthy = (DEFORMATION.sample([1], "evaluation", do).images[0, 0].numpy() for do in ({}, {"pathology": "off"}))
    inside = np.isin(scene.warped.labels, [DEFORMATION.region_names.index(name) + 1 for name in PLACES[0]])
    there = DEFORMATION.region_names.index(PLACES[1][0])
    redrawn = stratified(DEFORMATION.parts, scene, 4).images[4 * there : 4 * there + 4, 0].numpy()
    assert np.abs(own - healthy)[inside].sum() > 1
    for image in redrawn:
        assert np.abs(image - own)[inside].sum() < 0.05 * np.abs(own - healthy)[inside].sum()
    assert DEFORMATION.sample([1], "evaluation", {"redraw": {PLACES[1][0]: 1}}).images.shape == (1, 1, 40, 48, 40)
    both = DEFORMATION.sample([1], "evaluation", {"redraw": {PLACES[1][0]: 1, PLACES[1][1]: 2}})
    assert both.images.shape == (1, 1, 40, 48, 40)


def test_an_edit_lies_around_the_place_that_is_edited():
    cohort = DEFORMATION.cohort([1], "evaluation")
    edit, whole = (cohort.truths[name].volume[0, 0] for name in ("edit", "counterfactual"))
    far = np.isin(cohort.regions[0, 0], [DEFORMATION.region_names.index(name) + 1 for name in PLACES[2]])
    assert edit.abs().sum() > 0 and edit[far].abs().sum() == 0
    assert edit.abs().sum() < whole.abs().sum()


@pytest.mark.full
def test_the_observer_sees_more_than_a_discriminant_of_all_places():
    """At one amplitude, the highest of the places' readings tells more than the same statistics summed linearly."""
    parts = replace(ATROPHY, amplitude=0.4).parts
    scenes = [draw(parts, subject, "calibration") for subject in range(480)]
    sides = np.array([parts.labels.side(parts.task.label(scene.subject)) for scene in scenes])
    watcher = observer(parts, 0.4, scenes)
    assert isinstance(watcher, OneOfPlaces)
    joint = Joint(watcher.observers)
    found = []
    for watching in (watcher, joint):
        seen = as_seen(parts, 0.4, watching, scenes).statistics
        score = fit(seen[:320], sides[:320], products=False)
        found.append(auc(score(seen[320:]), sides[320:]).value)
    assert found[0] > found[1]
