"""Observers of known regions look at every place that tells of the pathology, and at none twice."""

from types import SimpleNamespace

import numpy as np
import pytest
from renders import render

from simulators.anatomy.mni152 import MNI152
from simulators.anatomy.slab import Slab
from simulators.brain import Brain
from simulators.observe.observers import FixedPlace, Known, LocalEnergy
from simulators.observe.readout import fit
from simulators.pathology.atrophy import Atrophy
from simulators.pathology.several import Several
from simulators.separability import observer
from simulators.task.patterns import Patterns

NAMES = ("left hippocampus", "right hippocampus", "left thalamus", "right thalamus", "brain stem")
BOTH = ("left hippocampus", "right hippocampus")


@pytest.mark.parametrize(
    ("regions", "groups"),
    [
        (BOTH, [[1], [2]]),
        ((*BOTH, "left thalamus", "right thalamus"), [[1, 3], [2, 4]]),
        (("brain stem",), [[5]]),
        ((*BOTH, "brain stem"), [[1], [2], [5]]),
        (("left hippocampus",), [[1], [2]]),
        (("left hippocampus", "right thalamus"), [[1], [4], [3], [2]]),
        (("left hippocampus", "brain stem"), [[1], [5], [2]]),
    ],
)
def test_a_place_is_a_side_the_midline_or_a_healthy_other_side(regions, groups):
    assert FixedPlace(regions, NAMES).groups == groups


def test_parts_on_both_sides_are_each_other_s_other_side():
    pairs = {BOTH: [[[1]], [[2]]], ("left hippocampus", "left thalamus"): [[[1], [2]], [[3], [4]]]}
    for regions, groups in pairs.items():
        parts = Several(tuple(Atrophy((region,)) for region in regions), (None, None))
        brain = Brain(parts, task=Patterns((((0, 0),), ((1, 1),))))
        own = [brain.region_names.index(name) + 1 for name in NAMES]
        expected = [[[own[label - 1] for label in group] for group in part] for part in groups]
        assert [part.groups for part in observer(brain.parts, 0.3, []).observers] == expected


def test_the_healthy_side_tells_of_the_other():
    """What both sides share is subtracted: two thirds of the variance here, so the discriminant must gain by it."""
    rng = np.random.default_rng(0)
    shared, own = rng.standard_normal((2000, 1)), rng.standard_normal((2000, 2)) / 2**0.5
    labels = np.arange(2000) % 2
    sides = shared + own - np.outer(labels, (1, 0))
    distances = []
    for features in (sides[:, :1], sides):
        score = fit(features, labels, products=False)(features)
        groups = [score[labels == label] for label in (0, 1)]
        distances.append((groups[1].mean() - groups[0].mean()) / score[labels == 0].std())
    # d' of one side 1 / sqrt(1.5), of both (1 - rho^2 = 5 / 9) sqrt(1 / 1.5 / (5 / 9))
    np.testing.assert_allclose(distances, (0.816, 1.095), atol=0.1)


@pytest.mark.parametrize("kind", [FixedPlace, LocalEnergy])
def test_an_other_side_that_a_box_cuts_off_leaves_the_statistics_finite(kind):
    brain = Brain(Atrophy(("left hippocampus",)), amplitude=0.3)
    scene = brain.scene(0, "test")
    kept = scene.warped.labels != brain.region_names.index("right hippocampus") + 1
    cut = scene.warped._replace(labels=scene.warped.labels * kept)
    with np.errstate(all="raise"):
        found = kind(("left hippocampus",), brain.region_names).features(render(brain, scene, 1.0), cut, scene.shape)
    assert np.isfinite(found).all()


def test_a_side_that_a_slab_does_not_hold_is_no_place():
    slab = Slab(MNI152(4.0), low=(-72.0, -75.0, -54.0), high=(-8.0, 45.0, 42.0))
    brain = Brain(Atrophy(("left hippocampus",)), anatomy=slab)
    assert len(observer(brain.parts, 0.3, []).groups) == 1


def test_grain_counts_by_what_it_has_beyond_healthy_subjects():
    """A boundary differs from its neighbours more than all grain does, and from subject to subject."""
    rng, shape, region = np.random.default_rng(0), (8, 8, 8), ("left hippocampus",)
    edge = (np.arange(8) >= 4)[:, None, None] * np.ones(shape)
    warped = SimpleNamespace(labels=np.ones(shape, int), brain=np.ones(shape, bool))
    latents = {"scale": np.zeros(3), "ventricles": np.zeros(2)}

    def image(grain):
        return edge * (1 + 0.2 * rng.standard_normal()) + (0.05 + grain) * rng.standard_normal(shape)

    known = Known(
        pathology=SimpleNamespace(regions=region),
        names=region,
        contrast=None,
        amplitude=0.0,
        voxel_mm=7.0,
        healthy=lambda count: ((image(0.0), warped) for _ in range(count)),
        seen=frozenset(),
    )
    apart = []
    for watcher in (LocalEnergy(region, region), LocalEnergy.of(known)):
        well, sick = (np.array([watcher.features(image(g), warped, latents)[0] for _ in range(50)]) for g in (0, 0.01))
        apart.append((sick.mean() - well.mean()) / well.std())
    assert apart[1] > 2 > 1 > apart[0]
