"""The template looks like the brain it is, and its subjects vary as brains do."""

import numpy as np
import pytest

from bench.contracts import BadInput
from simulators.anatomy.mni152 import MNI152
from simulators.anatomy.shape import Shape
from simulators.streams import generator


@pytest.fixture(scope="module")
def subjects():
    anatomy = MNI152()
    latents = [anatomy.draw(generator("test", i, "anatomy")) for i in range(60)]
    return anatomy, latents


def test_template_volume_and_symmetry():
    anatomy = MNI152()
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
def test_regions_lie_where_a_neurologist_expects_them(region, position):
    anatomy = MNI152()
    template = anatomy.template
    voxel = np.rint(np.linalg.solve(template.affine, [*position, 1])[:3]).astype(int)
    near = template.labels[tuple(slice(v - 1, v + 2) for v in voxel)]
    assert anatomy.region_names.index(region) + 1 in near


def test_deformation_is_invertible(subjects):
    anatomy, latents = subjects
    for drawn in latents:
        position = anatomy.shape.displace(anatomy.template.points, drawn)
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


def test_regional_volumes_vary_between_subjects_and_sides(subjects):
    anatomy, latents = subjects
    labels = [anatomy.warp(drawn).labels for drawn in latents]
    counts = np.stack([np.bincount(x.ravel(), minlength=65) for x in labels]).astype(float)
    left, right = (anatomy.region_names.index(f"{side} cerebellum") + 1 for side in ("left", "right"))
    variation = counts[:, left].std() / counts[:, left].mean()
    assert 0.05 < variation < 0.2
    assert np.corrcoef(counts[:, left], counts[:, right])[0, 1] < 0.95


@pytest.mark.parametrize("resolution", [-1, 0, 20, True, "six"])
def test_impossible_resolution_is_refused(resolution):
    with pytest.raises(BadInput, match=r"anatomy\.resolution_mm"):
        MNI152(resolution_mm=resolution)
