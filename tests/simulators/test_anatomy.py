"""Templates look like the brains they are, and their subjects vary as brains do."""

import numpy as np
import pytest

from bench.config.build import build, check_complete
from bench.config.compose import study
from bench.contracts import BadInput, RegionName
from simulators.anatomy.minimum import require
from simulators.anatomy.mni152 import MNI152
from simulators.anatomy.phantom import Phantom
from simulators.anatomy.shape import Shape
from simulators.brain import Brain
from simulators.coupling import Coupled, Coupling
from simulators.local import Variation
from simulators.pathology.deformation import Deformation
from simulators.pathology.focal import Focal
from simulators.pathology.several import Several
from simulators.pathology.thinning import Thinning
from simulators.pathology.ventricles import Ventricles
from simulators.pathology.white_matter_lesions import WhiteMatterLesions
from simulators.streams import generator
from simulators.task.patterns import Patterns


@pytest.fixture(scope="module", params=[MNI152, Phantom])
def kind(request):
    return request.param


def test_template_volume_and_symmetry(kind):
    anatomy = kind()
    maps, labels = anatomy.template.maps, anatomy.template.labels
    # the ICBM152 average brain holds about 1.9 litres including fluid
    assert 1.6e6 < maps[2].sum() * anatomy.resolution_mm**3 < 2.1e6
    assert (maps[0] + maps[1] <= maps[2] + 1e-5).all()
    np.testing.assert_allclose(maps, maps[:, ::-1], atol=2e-2)
    counts = np.bincount(labels.ravel(), minlength=len(anatomy.region_names) + 1)[1:]
    assert len(counts) >= 40
    assert counts.min() >= 4
    sides = dict(zip(anatomy.region_names, counts, strict=True))
    for name, count in sides.items():
        if name.startswith("left "):
            assert abs(sides[name.replace("left", "right")] - count) <= 2


@pytest.mark.parametrize(
    ("region", "position"),
    [("left hippocampus", (-27, -21, -15)), ("right thalamus", (11, -19, 8)), ("right precentral gyrus", (40, -8, 52))],
)
def test_regions_lie_where_a_neurologist_expects_them(kind, region, position):
    anatomy = kind()
    template = anatomy.template
    voxel = np.rint(np.linalg.solve(template.affine, [*position, 1])[:3]).astype(int)
    near = template.labels[tuple(slice(v - 1, v + 2) for v in voxel)]
    assert anatomy.region_names.index(region) + 1 in near


def test_deformation_is_invertible(kind):
    anatomy = kind()
    for i in range(60):
        position = anatomy.position(anatomy.draw(generator("test", i, "anatomy")))
        slopes = [np.stack(np.gradient(position[..., k], anatomy.resolution_mm), -1) for k in range(3)]
        assert np.linalg.det(np.stack(slopes, -2)).min() > 0


@pytest.mark.parametrize(
    "name", [pytest.param("mni152_3mm", marks=pytest.mark.full), "mni152_4mm", "temporal_3mm", "phantom"]
)
def test_every_preset_is_complete_and_invertible_at_the_widest_registration(name):
    group = "simulator/anatomy/shape" + ("@simulator.anatomy.anatomy.shape" if name == "temporal_3mm" else "")
    arguments = ["study=tiny", "method=[random]", "simulator=focal", f"simulator/anatomy={name}", f"{group}=none"]
    (simulator,) = study(arguments).simulators.values()
    check_complete(simulator["anatomy"], (), "anatomy")
    anatomy = build(simulator["anatomy"])
    for i in range(20):
        position = anatomy.position(anatomy.draw(generator("test", i, "anatomy")))
        assert position.shape == (*anatomy.grid, 3) and position.dtype == np.float32
        slopes = [np.stack(np.gradient(position[..., k], anatomy.resolution_mm), -1) for k in range(3)]
        assert np.linalg.det(np.stack(slopes, -2)).min() > 0


def test_field_has_the_displacement_asked_for():
    anatomy = MNI152(shape=Shape(size=0, aspect=0, ventricles=0, shift_mm=0, rotation_deg=0, field_mm=2.0))
    moves = [
        anatomy.shape.displace(anatomy.template.points, anatomy.draw(generator("test", i, "anatomy")))
        - anatomy.template.points
        for i in range(40)
    ]
    assert np.std(moves) == pytest.approx(2.0, rel=0.1)


def test_a_subject_is_the_template_found_at_its_position():
    anatomy = MNI152()
    latents, still = anatomy.draw(generator("test", 0, "anatomy")), anatomy.template
    warped = anatomy.warp(latents)
    assert np.array_equal(anatomy.resample(anatomy.position(latents), latents).maps, warped.maps)
    unmoved = anatomy.resample(still.points, latents)
    assert np.array_equal(unmoved.labels, still.labels)
    np.testing.assert_allclose(unmoved.maps, still.fine[:, ::2, ::2, ::2], atol=1e-4)
    # what is read is sharper than the template, because most places lie between values
    np.testing.assert_allclose(unmoved.maps, still.maps, atol=0.15)
    assert np.abs(unmoved.maps - still.maps).mean() < 0.01


def test_healthy_deformations_need_many_components(kind):
    """500 healthy deformations need at least 8 principal components for 80 % of their variance.

    The displacement stands for the logarithm of the deformation: the two agree to first order, and their difference,
    half of the displacement's derivative times the displacement, is a few per cent here. What registration leaves over
    (shift and rotation) is switched off, because it is no anatomy.
    """
    anatomy = kind(resolution_mm=8.0, shape=Shape(shift_mm=0, rotation_deg=0))
    inside, points = anatomy.template.labels > 0, anatomy.template.points
    drawn = (anatomy.draw(generator("test", i, "anatomy")) for i in range(500))
    moves = np.stack([(anatomy.shape.displace(points, latents) - points)[inside].ravel() for latents in drawn])
    moves -= moves.mean(0)
    variances = np.linalg.eigvalsh(moves @ moves.T)[::-1]
    assert np.searchsorted(np.cumsum(variances) / variances.sum(), 0.8) + 1 >= 8


@pytest.fixture(scope="module")
def volumes(kind):
    """Volume of each region's own tissue (300, R + 1), over shape and local latents, and the names."""
    brain = Brain(Focal(), anatomy=kind())
    return _volumes(brain, 300), brain.region_names


def _volumes(brain, subjects):
    tissue = brain.anatomy.template.maps
    tissue = np.stack([tissue[0], tissue[1], tissue[2] - tissue[0] - tissue[1]])
    labels = brain.anatomy.template.labels.ravel()
    own = np.stack([np.bincount(labels, t.ravel()) for t in tissue]).argmax(0)
    return np.stack([_own_volumes(brain, brain.scene(i, "test"), own) for i in range(subjects)])


def _own_volumes(brain, scene, own):
    gm, wm, whole, _ = brain.local.apply(scene.warped.maps, scene.warped.labels, scene.local)
    labels = scene.warped.labels.ravel()
    sums = np.stack([np.bincount(labels, t.ravel(), len(own)) for t in (gm, wm, whole - gm - wm)])
    return np.take_along_axis(sums, own[None], 0)[0]


def _variation(volumes):
    return (volumes.std(0) / volumes.mean(0))[1:]


#: what widening ventricles press on, whose own volume varies by half: it lies at their walls and on their roof
PRESSED = {
    "nucleus accumbens", "caudate", "caudal anterior cingulate cortex", "rostral anterior cingulate cortex",
    "corpus callosum",
}  # fmt: skip
#: tips and thin ribbons of cortex, 6 to 21 voxels at 7 mm, which a fold of their shares of tissue changes most
THIN = {
    "banks of the superior temporal sulcus", "cuneus", "entorhinal cortex", "frontal pole", "pars orbitalis",
    "pericalcarine cortex", "temporal pole", "transverse temporal gyrus",
}  # fmt: skip


@pytest.mark.full
def test_regional_volumes_vary_as_volumes_of_brains_do(kind, volumes):
    """From 5 to 20 %, beyond what counting voxels adds: that is what heads of one shape have that lie differently."""
    values, names = volumes
    alike = kind(shape=Shape(size=0, aspect=0, ventricles=0, field_mm=0))
    counting = _variation(_volumes(Brain(Focal(), alike, Variation(volume=0, signal=0, folding=0)), 100))
    variation = dict(zip(names, np.sqrt(np.maximum(_variation(values) ** 2 - counting**2, 0)), strict=True))
    ventricles = [variation.pop(f"{side} lateral ventricle") for side in ("left", "right")]
    # few are wide, so that their spread is wide itself
    assert min(ventricles) > 0.3 and max(ventricles) < 0.7
    outside = {name: share for name, share in variation.items() if not 0.05 <= share <= 0.2}
    assert {RegionName.of(name).structure for name in outside} <= PRESSED | THIN, outside
    # of an accumbens of 4 voxels in the phantom, counting alone adds more than that
    told = [share for name, share in variation.items() if counting[names.index(name)] < 0.2]
    assert max(told) < 0.26 and len(told) > len(variation) - 5 and len(outside) <= 15


def test_sides_are_alike_and_not_the_same(volumes):
    values, names = volumes
    for name in (n for n in names if n.startswith("left ")):
        left, right = (names.index(side) + 1 for side in (name, name.replace("left", "right")))
        assert -0.1 < np.corrcoef(values[:, left], values[:, right])[0, 1] < 0.95


def test_small_regions_are_refused_and_the_mended_grid_is_not():
    coarse = MNI152(resolution_mm=8.0)
    with pytest.raises(
        BadInput, match=r"'left entorhinal cortex' has 6 voxels at 8 mm; use .*resolution_mm of 7 or finer"
    ):
        require(["left entorhinal cortex"], coarse.template.labels, coarse.region_names, 8.0)
    for resolution in (6.0, 7.0):
        mended = MNI152(resolution_mm=resolution)
        require(["left entorhinal cortex"], mended.template.labels, mended.region_names, resolution)
    with pytest.raises(BadInput, match="there is no region 'left amigdala'; did you mean 'left amygdala'"):
        require(["left amigdala"], coarse.template.labels, coarse.region_names, 8.0)


ENTORHINAL = Coupling("left entorhinal cortex", "right entorhinal cortex", 0.5, 0.1)


@pytest.mark.parametrize(
    ("pathology", "local"),
    [
        (Focal(regions=("left entorhinal cortex",)), Variation()),
        (WhiteMatterLesions(landmarks=("left entorhinal cortex",)), Variation()),
        (Focal(), Coupled(coupled=(ENTORHINAL,))),
    ],
)
def test_a_region_of_too_few_voxels_is_refused_wherever_it_is_named(pathology, local):
    with pytest.raises(BadInput, match="'left entorhinal cortex' has 6 voxels at 8 mm"):
        Brain(pathology, MNI152(resolution_mm=8.0), local)
    assert Brain(pathology, MNI152(resolution_mm=6.0), local).shape


@pytest.mark.parametrize(
    ("pathology", "coarsest"),
    [(Deformation(("left hippocampus",)), 4), (Thinning(("left precuneus",)), 4), (Ventricles(), 7)],
)
def test_a_grid_too_coarse_for_a_pathology_is_refused_alone_and_among_others(pathology, coarsest):
    says = (
        rf"{type(pathology).__name__} at anatomy\.resolution_mm=7\.5 is too coarse, because .*; use {coarsest} or finer"
    )
    for whole in (pathology, Several((Focal(), pathology), (None, None))):
        with pytest.raises(BadInput, match=says) as error:
            Brain(whole, MNI152(resolution_mm=7.5), task=Patterns((((0, 0),), ((1, 1),))))
        assert "\n" not in str(error.value)
    assert Brain(pathology, MNI152(resolution_mm=coarsest)).shape
