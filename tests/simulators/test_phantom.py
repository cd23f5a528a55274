"""The phantom is a brain: tissues where anatomy has them, at any resolution, from formulas alone."""

import numpy as np
import pytest
from fingerprint import same
from scipy.ndimage import label

from simulators.anatomy.folding import waves
from simulators.anatomy.minimum import FEWEST_TO_ACT
from simulators.anatomy.mni152 import MNI152
from simulators.anatomy.phantom import Phantom
from simulators.anatomy.solids import ellipsoid, share, tube, union
from simulators.brain import Brain
from simulators.contrast import Contrast
from simulators.pathology.focal import Focal


@pytest.fixture(scope="module")
def phantom():
    return Phantom(resolution_mm=4.0).template


@pytest.fixture(scope="module")
def lattice():
    axes = np.arange(-24, 25, dtype=np.float32)
    return np.stack(np.meshgrid(axes, axes, axes, indexing="ij"), -1)


@pytest.mark.parametrize("radii", [(10, 10, 10), (12, 16, 20)])
def test_an_ellipsoid_has_its_volume(lattice, radii):
    volume = share(ellipsoid(lattice, (0, 0, 0), radii), 1.0).sum()
    assert volume == pytest.approx(4 / 3 * np.pi * np.prod(radii), rel=0.02)


def test_a_tube_is_a_cylinder_with_round_ends(lattice):
    volume = share(tube(lattice, ((0, 0, -10), (0, 0, 10)), (5.0, 5.0)), 1.0).sum()
    assert volume == pytest.approx(np.pi * 25 * 20 + 4 / 3 * np.pi * 125, rel=0.02)


def test_a_blended_union_only_adds(lattice):
    balls = [ellipsoid(lattice, (0, 0, z), (8, 8, 8)) for z in (-6, 6)]
    sharp, round_ = union(*balls), union(*balls, blend=4.0)
    assert np.array_equal(sharp, np.minimum(*balls))
    assert (round_ <= sharp).all() and (round_ >= sharp - 1.0).all()


def test_waves_have_unit_variance_and_the_wavelength_asked_for():
    points = np.random.default_rng(0).uniform(-5e3, 5e3, (40_000, 3)).astype(np.float32)
    here, near = waves(points, 20.0, 0.0), waves(points + np.float32([0.05, 0, 0]), 20.0, 0.0)
    assert here.std() == pytest.approx(1, abs=0.02)
    # plane waves of one wavelength in all directions: a third of (2 pi / wavelength) squared along each axis
    assert ((near - here) / 0.05).std() == pytest.approx(2 * np.pi / 20 / 3**0.5, rel=0.03)


def test_tissues_have_the_volumes_of_a_brain(phantom):
    gm, wm, brain, _ = phantom.maps
    litres = [tissue.sum() * 64e-6 for tissue in (gm, wm, brain - gm - wm)]
    assert 0.7 < litres[0] < 1.05 and 0.5 < litres[1] < 0.75 and 0.15 < litres[2] < 0.45
    assert (phantom.maps[:3] >= 0).all() and (gm + wm <= brain + 1e-5).all()


def test_tissues_agree_with_the_average_brain(phantom):
    average = MNI152(resolution_mm=4.0).template
    ours, theirs = phantom.maps[2] > 0.5, average.maps[2] > 0.5
    assert 2 * (ours & theirs).sum() / (ours.sum() + theirs.sum()) > 0.9
    both = ours & theirs & (phantom.labels > 0) & (average.labels > 0)
    assert (phantom.labels == average.labels)[both].mean() > 0.9


def test_every_region_is_there(phantom):
    """With the voxels that a pathology needs, but for the tip of the forehead, where the phantom ends before people."""
    names, counts = Phantom(resolution_mm=4.0).region_names, np.bincount(phantom.labels.ravel())[1:]
    assert len(counts) == len(names) == 100
    small = {name for name, count in zip(names, counts, strict=True) if count < FEWEST_TO_ACT}
    assert small <= {"left frontal pole", "right frontal pole"} and counts.min() == FEWEST_TO_ACT - 1


@pytest.mark.parametrize(
    ("place", "darkest"),
    [((9, -12, 19), "lateral ventricle"), ((0, -12, 0), "third ventricle"), ((0, 30, 44), "fissure")],
)
def test_fluid_lies_where_anatomy_has_it(place, darkest):
    """Fluid at 2 mm: the share of tissue is small at the place, and large 10 mm to its side."""
    template = Phantom(resolution_mm=2.0).template
    tissue = template.maps[0] + template.maps[1]

    def at(x, y, z):
        return tissue[tuple(np.rint(np.linalg.solve(template.affine, [x, y, z, 1])[:3]).astype(int))]

    assert at(*place) < 0.55 < 0.8 < at(place[0] + 10, *place[1:]), darkest


def test_the_brain_is_one_piece_and_its_cortex_folded(phantom):
    assert label(phantom.maps[2] > 0.5)[1] == 1
    gm, wm, _, _ = Phantom(resolution_mm=2.0).template.maps
    # a smooth ribbon would touch white matter on about 1000 square centimetres; folds double that
    border = sum(np.abs(np.diff(wm > gm, axis=axis)).sum() for axis in range(3)) * 0.04
    assert border > 2000


def test_its_tissues_need_no_file_and_it_repeats_itself(monkeypatch):
    from simulators.anatomy import phantom as module

    first = Phantom(resolution_mm=8.0).template.maps.copy()
    module._named.cache_clear()
    module._fine.cache_clear()
    with monkeypatch.context() as patched:
        patched.setattr("builtins.open", None)
        module._fine()
    assert np.array_equal(first, Phantom(resolution_mm=8.0).template.maps)


def test_a_brain_can_be_built_on_it():
    brain = Brain(Focal(), anatomy=Phantom(), contrast=Contrast(), amplitude=0.5)
    cohort = brain.cohort((0, 1), "evaluation")
    assert cohort.images.isfinite().all()
    assert (cohort.truths["counterfactual"].volume[1] != 0).any()


def test_the_phantom_stays_the_same(phantom):
    """A landmark of its formulas moved by a few millimetres leaves volumes and symmetry as they are."""
    golden = [0.1715745, 0.3418033, 0.4649497, 0.2659696, -0.09081757, 0.1092423]
    assert same(phantom.maps, golden)
