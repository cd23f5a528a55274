"""Thin cortex: the ribbon loses the thickness that was asked, at the surface that was asked."""

import numpy as np
import pytest

from simulators.anatomy.mni152 import MNI152
from simulators.anatomy.protocol import Warped
from simulators.brain import Brain
from simulators.contrast import Contrast
from simulators.nuisance import Scanner
from simulators.pathology.thinning import RIBBON_MM, Thinning, _slope
from simulators.space.place import Place

REGIONS = ("left precuneus", "right precuneus", "left middle temporal gyrus", "right middle temporal gyrus")
SILENT = Scanner(bias=0.0, gain=0.0, noise=0.0)


def ball(radius, grid=24):
    """Share (D, H, W) of each voxel in a ball, counted on a grid five times as fine."""
    axis = (np.arange(5 * grid) + 0.5) / 5 - grid / 2
    fine = np.sqrt(sum(a**2 for a in np.meshgrid(axis, axis, axis, indexing="ij"))) < radius
    return fine.reshape(grid, 5, grid, 5, grid, 5).mean((1, 3, 5))


def test_slope_adds_up_to_the_area_of_a_ball():
    area = _slope(ball(8.0), np.ones((24,) * 3, bool)).sum()
    assert area == pytest.approx(4 * np.pi * 8.0**2, rel=0.15)


@pytest.mark.parametrize(("surface", "beyond"), [("pial", 9.0), ("white", 6.0)])
def test_swept_shell_lies_at_the_surface_that_moves(surface, beyond):
    """A ball of white matter in a shell of cortex: what is taken lies where the moving surface is."""
    wm, tissue = ball(6.0), ball(9.0)
    maps = np.stack([tissue - wm, wm, np.ones_like(wm), np.zeros_like(wm)]).astype(np.float32)
    place = Place(Warped(maps, np.ones(wm.shape, np.int16)), ("left cortex",), 1.0)
    law = Thinning(("left cortex",), edge_mm=0.0, surface=surface)
    taken = law.extent(place, law.draw(np.random.default_rng(0), place)) * maps[0]
    axis = np.arange(24) - 11.5
    distance = np.sqrt(sum(a**2 for a in np.meshgrid(axis, axis, axis, indexing="ij")))
    assert np.average(distance, weights=taken) == pytest.approx(beyond, abs=0.4)
    assert taken.sum() == pytest.approx(maps[0].sum() / RIBBON_MM, rel=1e-5)


@pytest.mark.parametrize("surface", ["pial", "white"])
@pytest.mark.parametrize("mm", [0.25, 1.0])
def test_regions_lose_the_share_of_their_cortex_that_the_thickness_is(surface, mm):
    brain = Brain(Thinning(REGIONS, severity_sd=0.0, edge_mm=0.0, surface=surface), MNI152(4.0), amplitude=mm)
    for subject in (1, 3):
        scene = brain.scene(subject, "test")
        place = Place(scene.warped, brain.region_names, 4.0)
        inside = place.within(REGIONS) & (scene.warped.maps[2] > 0.5)
        gm = scene.warped.maps[0]
        share = np.clip(mm * brain.pathology.extent(place, scene.pathology[0]), 0, 1)
        assert (share * gm)[inside].sum() / gm[inside].sum() == pytest.approx(mm / RIBBON_MM, rel=0.05)


@pytest.mark.parametrize(("surface", "sign"), [("pial", -1), ("white", 1)])
def test_cortex_turns_to_what_lies_beyond_its_surface(surface, sign):
    """Fluid is darker than cortex in a T1-weighted image, white matter brighter; the whole tissue stays the brain."""
    contrast = Contrast(detail=0.0, spread=0.0)
    brain = Brain(Thinning(REGIONS, surface=surface), MNI152(4.0), contrast=contrast, nuisance=SILENT, amplitude=0.5)
    truths = brain.cohort([1]).truths
    change, planted = truths["counterfactual"].volume, truths["planted"].volume
    assert (sign * change).min() > -1e-6 and (sign * change).max() > 0.05
    assert (sign * planted).min() > -1e-6
    step = contrast.csf - contrast.gm if surface == "pial" else contrast.wm - contrast.gm
    # regional signal varies by a few per cent
    np.testing.assert_allclose(change, planted * abs(step), atol=0.1 * planted.abs().max())
