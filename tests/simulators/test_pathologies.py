"""Each pathology does what its law says, and nothing else."""

import numpy as np
import pytest
import torch
from renders import render
from scipy.stats import poisson

from bench.contracts import BadInput
from simulators.anatomy.mni152 import MNI152
from simulators.anatomy.parcellation import VENTRICLES
from simulators.brain import Brain
from simulators.contrast import Contrast
from simulators.nuisance import Scanner
from simulators.observe.observers import LocalEnergy
from simulators.pathology.atrophy import Atrophy
from simulators.pathology.deformation import Deformation
from simulators.pathology.diffuse import Diffuse
from simulators.pathology.focal import Focal
from simulators.pathology.hypometabolism import Hypometabolism
from simulators.pathology.infarct import Infarct
from simulators.pathology.marker import Marker
from simulators.pathology.several import Several
from simulators.pathology.texture import Texture
from simulators.pathology.thinning import Thinning
from simulators.pathology.ventricles import Ventricles
from simulators.pathology.white_matter_lesions import WhiteMatterLesions
from simulators.space.place import Place

CORTEX, NUCLEI = ("left insula", "right insula"), ("left thalamus", "right thalamus")
FRONTAL = ("left frontal white matter", "right frontal white matter")
SILENT = Scanner(bias=0.0, gain=0.0, noise=0.0)


def _scene_and_truths(pathology, **parts):
    brain = Brain(pathology, amplitude=0.3, **parts)
    return brain, brain.scene(1, "evaluation"), brain.cohort([1]).truths


def _place(brain, scene):
    return Place(scene.warped, brain.region_names, brain.anatomy.resolution_mm)


def test_number_of_lesions_is_a_poisson_that_is_never_zero():
    law = WhiteMatterLesions(count=3.0)
    rng, brain = np.random.default_rng(0), Brain(law, amplitude=0.3)
    place = _place(brain, brain.scene(1, "evaluation"))
    counts = [len(law.draw(rng, place)["volumes_ml"]) for _ in range(4000)]
    shares = np.bincount(counts, minlength=8)[:8] / 4000
    expected = poisson.pmf(np.arange(8), 3.0) / (1 - np.exp(-3.0))
    assert shares[0] == 0
    np.testing.assert_allclose(shares[1:], expected[1:], atol=0.025)


def test_lesions_follow_the_prior_and_grow_rarer_from_the_ventricles():
    brain, scene, _ = _scene_and_truths(WhiteMatterLesions())
    law, prior = brain.pathology, brain.pathology.places(_place(brain, scene))
    centres = law._centres(prior, np.random.default_rng(0).uniform(size=20000))
    found = np.zeros(prior.shape)
    np.add.at(found, tuple(centres.T), 1 / 20000)
    expected = prior / prior.sum()
    assert found[prior == 0].sum() == 0
    assert np.abs(found - expected).max() < 5 * np.sqrt(expected.max() / 20000)
    fluid = np.argwhere(np.isin(scene.warped.labels, [brain.region_names.index(v) + 1 for v in VENTRICLES]))
    distance = np.linalg.norm(np.argwhere(prior > 0)[:, None] - fluid[None], axis=-1).min(1)
    falling = np.exp(-brain.anatomy.resolution_mm * distance / law.reach_mm)
    np.testing.assert_allclose(prior[prior > 0], falling, rtol=1e-12)
    assert brain.anatomy.resolution_mm * distance.max() < 3 * law.reach_mm


def test_lesions_lie_around_the_landmarks_that_are_named():
    cortex = ("left precentral gyrus", "left rostral middle frontal gyrus")
    near, far = WhiteMatterLesions(reach_mm=5.0), WhiteMatterLesions(landmarks=cortex, reach_mm=5.0)
    brain, scene, _ = _scene_and_truths(near)
    place = _place(brain, scene)
    x = np.indices(scene.warped.labels.shape)[0]
    sides = [np.average(x, weights=law.places(place)) for law in (near, far)]
    assert np.argwhere(place.within(cortex))[:, 0].mean() == pytest.approx(sides[1], abs=2)
    assert x.mean() == pytest.approx(sides[0], abs=2)
    with pytest.raises(BadInput, match="did you mean 'left precuneus'"):
        WhiteMatterLesions(landmarks=("left precuneos",)).validate(brain.region_names)
    with pytest.raises(BadInput, match="the names of the regions"):
        WhiteMatterLesions(landmarks=()).validate(brain.region_names)


def test_lesions_lie_apart_from_their_landmarks_where_they_are_told_to():
    deep = WhiteMatterLesions(apart_mm=10.0, reach_mm=5.0)
    brain, scene, _ = _scene_and_truths(deep)
    prior, fluid = deep.places(_place(brain, scene)), _place(brain, scene).within(VENTRICLES)
    distance = np.linalg.norm(np.argwhere(prior > 0)[:, None] - np.argwhere(fluid)[None], axis=-1).min(1)
    mm = brain.anatomy.resolution_mm
    assert mm * distance.min() >= 10 and mm * distance.max() < 25
    np.testing.assert_allclose(prior[prior > 0], np.exp(-(mm * distance - 10) / 5), rtol=1e-12)


def test_lesions_that_meet_take_no_more_than_there_is():
    brain, scene, truths = _scene_and_truths(WhiteMatterLesions(count=40.0, volume_ml=20.0, largest_ml=100.0))
    extent = brain.pathology.extent(_place(brain, scene), scene.pathology[0])
    assert 0.99 < extent.max() <= 1
    assert truths["planted"].volume.abs().max() <= 0.3 + 1e-6


def test_hypometabolism_takes_a_share_of_what_grey_matter_emits():
    contrast = Contrast(gm=0.95, wm=0.35, csf=0.08, detail=0.0)
    law = Hypometabolism(("left precuneus",), severity_sd=0.0, edge_mm=0.0)
    brain, scene, truths = _scene_and_truths(law, contrast=contrast, nuisance=SILENT)
    well = render(brain, scene, 0.0)
    inside = (scene.warped.labels == brain.region_names.index("left precuneus") + 1) & (scene.warped.maps[2] > 0.5)
    expected = np.where(inside, -0.3 * scene.warped.maps[0] * well, 0)
    np.testing.assert_allclose(truths["counterfactual"].volume[0, 0], expected, atol=1e-5)
    np.testing.assert_allclose(truths["planted"].volume[0, 0][inside], expected[inside], atol=1e-5)


def test_diffuse_loss_is_the_same_share_of_grey_matter_everywhere():
    brain, scene, truths = _scene_and_truths(Diffuse(severity_sd=0.0))
    tissue = brain.local.apply(scene.warped.maps, scene.warped.labels, scene.local)[0]
    inside = scene.warped.brain
    np.testing.assert_allclose(truths["planted"].volume[0, 0][inside], -0.3 * tissue[inside], atol=1e-6)


def test_texture_keeps_the_mean_of_every_region_and_raises_its_energy():
    brain, scene, truths = _scene_and_truths(Texture(FRONTAL), nuisance=SILENT)
    change = truths["counterfactual"].volume[0, 0].double().numpy()
    labels = scene.warped.labels.ravel()
    means = np.bincount(labels, weights=change.ravel()) / np.bincount(labels)
    assert np.abs(means).max() < 1e-6 < np.abs(change).max()
    watcher = LocalEnergy(FRONTAL, brain.region_names)
    sick, well = (watcher.features(render(brain, scene, s), scene.warped, scene.shape)[:2] for s in (1.0, 0.0))
    assert (sick > well + 0.5).all()


def test_marker_brightens_one_place_in_every_subject():
    truths = _scene_and_truths(Marker("right occipital white matter", radius_mm=10.0), nuisance=SILENT)[2]
    change = truths["counterfactual"].volume[0, 0].numpy()
    assert set(np.unique(change.round(5))) == {np.float32(0), np.float32(0.3)}
    assert (change > 0).sum() * 6.5**3 == pytest.approx(4 / 3 * np.pi * 10**3, rel=0.3)


def test_parts_are_drawn_from_streams_of_their_own():
    """A part more leaves the draws of the first as they were; a part with an amplitude of its own ignores the dial."""
    alone = Brain(Diffuse(), amplitude=0.2)
    both = Brain(Several((Diffuse(), Focal()), (None, 0.5)), amplitude=0.2)
    assert alone.scene(1, "test").pathology[0] == both.scene(1, "test").pathology[0]
    scene = both.scene(1, "test")
    assert np.array_equal(render(both, scene, (1.0, 0.0)), render(alone, alone.scene(1, "test"), 1.0))
    louder = both.with_amplitude(0.4)
    assert np.array_equal(render(both, scene, (0.0, 1.0)), render(louder, scene, (0.0, 1.0)))


@pytest.mark.parametrize(
    "pathology",
    [
        Hypometabolism(CORTEX),
        *(pytest.param(p, marks=pytest.mark.full) for p in (Diffuse(), Texture(FRONTAL), WhiteMatterLesions())),
    ],
)
def test_observer_tells_pathology_at_full_amplitude_and_finds_its_dial(pathology):
    found = Brain(pathology, separability=0.8).calibrate(subjects=100, verify=60)
    assert 0.02 < found["amplitude"] < 1
    assert found["reached"] > 0.6


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Brain(Texture(("left frontal wite matter",))), "left frontal white matter"),
        (lambda: Brain(Marker("nose")), "pathology.region: there is no region 'nose'"),
        (lambda: Brain(Atrophy((*CORTEX, *FRONTAL))), "Atrophy is for regions of grey matter, and 'left frontal white"),
        (
            lambda: Brain(Atrophy(VENTRICLES)),
            "Atrophy is for regions of grey matter, and 'left lateral ventricle' holds",
        ),
        (
            lambda: Brain(Thinning(FRONTAL)),
            "Thinning is for regions of grey matter, and 'left frontal white matter' holds",
        ),
        (
            lambda: Brain(Deformation(VENTRICLES)),
            "Deformation is for regions of grey matter or white matter, and 'left la",
        ),
        (
            lambda: Brain(Ventricles(NUCLEI)),
            "Ventricles is for regions of fluid, and 'left thalamus' holds none; name others",
        ),
        (
            lambda: Brain(Infarct(territories=(VENTRICLES,))),
            "Infarct is for regions of grey matter or white matter, and",
        ),
        (lambda: Brain(Atrophy(NUCLEI * 2)), "pathology: Atrophy names 'left thalamus' twice; name each region once"),
        (lambda: Brain(WhiteMatterLesions(landmarks=VENTRICLES * 2)), "names 'left lateral ventricle' twice"),
        (lambda: Several((Diffuse(),), ()), "Several.amplitudes"),
        (lambda: Several((Diffuse(),), (0.3,)), "Several.amplitudes"),
    ],
)
def test_impossible_pathology_is_one_sentence(make, says):
    with pytest.raises(BadInput, match=says) as error:
        make()
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "pathology", [Atrophy(NUCLEI), Deformation(NUCLEI + FRONTAL), WhiteMatterLesions(landmarks=CORTEX)]
)
def test_nuclei_hold_both_tissues_and_landmarks_are_of_any(pathology):
    Brain(pathology, MNI152(4.0))


def test_images_stay_finite():
    images = Brain(Texture(FRONTAL), amplitude=1.0).sample([1], "test").images
    assert torch.isfinite(images).all() and (images >= 0).all()
