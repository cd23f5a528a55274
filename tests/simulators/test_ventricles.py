"""Large ventricles: fluid grows by what was asked, on the side that was asked, and the skull stays."""

import numpy as np
import pytest
from renders import render
from scipy.ndimage import map_coordinates

from simulators.anatomy.mni152 import MNI152
from simulators.brain import Brain
from simulators.nuisance import Scanner
from simulators.observe.deformation import Ventricular
from simulators.pathology.ventricles import Ventricles
from simulators.space.place import Place

SILENT = Scanner(bias=0.0, gain=0.0, noise=0.0)


def _brain(resolution=6.5, **options):
    return Brain(Ventricles(severity_sd=0.0, **options), MNI152(resolution), nuisance=SILENT, amplitude=0.3)


def _sides(brain, anatomy):
    labels = anatomy.labels
    return [labels == brain.region_names.index(f"{side} lateral ventricle") + 1 for side in ("left", "right")]


@pytest.mark.parametrize("growth", [-0.2, 0.05, 0.3, 0.8])
def test_ventricles_have_the_volume_that_was_asked(growth):
    """Counted on a grid three times as fine."""
    brain = _brain()
    for subject in range(3):
        scene = brain.scene(subject, "test")
        place = Place(scene.warped, brain.region_names, 6.5)
        field = brain.pathology.displacement(growth, place, scene.pathology[0]) / 6.5
        where = place.within(brain.pathology.regions) & (scene.warped.maps[2] > 0.5)
        fine = np.stack(np.meshgrid(*[np.arange(3 * n) / 3 - 1 / 3 for n in brain.shape], indexing="ij"))
        moved = np.stack([map_coordinates(field[..., a], fine, order=1, mode="nearest") for a in range(3)])
        after = map_coordinates(where.astype(float), fine + moved, order=1).sum() / 27
        assert after / where.sum() == pytest.approx((1 + growth) ** 3, rel=0.05)


def test_one_side_grows_and_the_other_is_pushed_at_most():
    brain = _brain(4.0, side="left")
    scene = brain.scene(1, "test")
    change = render(brain, scene, 1.0) - render(brain, scene, 0.0)
    left, right = (-change[side].sum() for side in _sides(brain, scene.warped))
    assert left > 5 * abs(right)


def test_random_side_is_one_of_two_and_equally_frequent():
    law = Ventricles(side="random")
    rng = np.random.default_rng(0)
    drawn = [law.acting(law.draw(rng, None)) for _ in range(1000)]
    assert {len(regions) for regions in drawn} == {1}
    assert np.mean([regions[0].startswith("left") for regions in drawn]) == pytest.approx(0.5, abs=0.05)


def test_observer_sees_fluid_where_ventricles_grow():
    brain = _brain(4.0)
    scene = brain.scene(1, "test")
    watcher = Ventricular(brain.pathology.regions, brain.region_names, brain.contrast)
    sick, well = (watcher.features(render(brain, scene, s), scene.warped, scene.shape) for s in (1.0, 0.0))
    # per side: the ventricle and three shells around it
    assert (sick[[0, 1, 4, 5]] > well[[0, 1, 4, 5]]).all()
