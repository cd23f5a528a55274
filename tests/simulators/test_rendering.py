"""Rendering some voxels in single precision gives what the formulas say of every voxel in double precision."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from renders import loss, render
from scipy.ndimage import distance_transform_edt, gaussian_filter

from simulators.brain import Brain
from simulators.effects import cosines
from simulators.pathology.atrophy import Atrophy
from simulators.pathology.blob import within_reach
from simulators.pathology.focal import Focal
from simulators.pathology.nearest import FAR, squared_distance
from simulators.pathology.regional import softened
from simulators.pathology.several import Several
from simulators.pathology.texture import Texture
from simulators.pathology.white_matter_lesions import WhiteMatterLesions
from simulators.space.voxels import Voxels
from simulators.task.patterns import Patterns

HIPPOCAMPI = ("left hippocampus", "right hippocampus")
FRONTAL = ("left frontal white matter", "right frontal white matter")
LESIONS = Several((WhiteMatterLesions(), WhiteMatterLesions(landmarks=FRONTAL, radius_sd=0.5)), (None, 0.5))
BRAINS = {
    "atrophy": Brain(Atrophy(HIPPOCAMPI), amplitude=0.5),
    "focal": Brain(Focal(), amplitude=0.3),
    "lesions": Brain(LESIONS, amplitude=0.4, task=Patterns((((0, 1),), ((1, 1),)))),
    "texture": Brain(Texture(FRONTAL), amplitude=0.3),
}


@dataclass
class Naive:
    """What README says of a subject, every formula written out for the whole grid in float64."""

    brain: Brain
    scene: object

    def share(self, part, latents):
        """How much of every voxel a part acts on at amplitude 1."""
        mm = self.brain.anatomy.resolution_mm
        if isinstance(part, Focal):
            return self.ball(part, latents["centre"], latents["radius_mm"], *latents["waves"])
        if isinstance(part, WhiteMatterLesions):
            lesions = zip(latents["centres"], latents["radii_mm"], *latents["waves"], strict=True)
            return 1 - np.prod([1 - self.ball(part, *lesion) for lesion in lesions], axis=0)
        chosen = np.isin(self.scene.warped.labels, [self.brain.region_names.index(r) + 1 for r in part.regions])
        return gaussian_filter(chosen.astype(np.float64), part.edge_mm / mm / 2, truncate=3.0)

    def ball(self, part, centre, radius_mm, directions, phases):
        """A ball whose radius waves with the direction, and whose border is soft."""
        offset = self.brain.anatomy.resolution_mm * (np.indices(self.brain.shape) - centre.reshape(3, 1, 1, 1))
        distance = np.linalg.norm(offset, axis=0)
        angle = 2 * np.tensordot(directions, offset / (distance + 1e-6), 1) + phases.reshape(4, 1, 1, 1)
        radius = radius_mm * (1 + part.irregularity * np.sin(angle).sum(0) / 2)
        return 0.5 - 0.5 * np.tanh((distance - radius) / part.edge_mm)

    def image(self, strengths):
        """The image and what was planted, (D, H, W) each."""
        brain, scene = self.brain, self.scene
        labels, local = scene.warped.labels, scene.local
        gm, wm, whole, detail = scene.warped.maps.astype(np.float64)
        gm = gm * np.clip(1 + local.volume[labels] + brain.local.folding * local.folding[0], 0, 2)
        wm = wm * np.clip(1 + brain.local.folding / 2 * local.folding[1], 0, 2)
        fit = np.minimum(1, whole / np.maximum(gm + wm, 1e-6))
        gm, wm, lesion, change = gm * fit, wm * fit, 0 * gm, 0 * gm
        healthy = gm + wm
        shares = {}
        for number, bound in enumerate(brain.parts.pathologies):
            part, latents = bound.law, scene.pathology[number]
            amount = bound.amplitude * strengths[number] * latents["severity"]
            shares[number] = share = np.clip(amount * self.share(part, latents), 0, 1)
            lost = (share * gm if "gm" in part.tissues else 0) + (share * wm if "wm" in part.tissues else 0)
            gm, wm = (t * (1 - share) if name in part.tissues else t for name, t in (("gm", gm), ("wm", wm)))
            lesion = lesion + (lost if part.becomes == "lesion" else 0)
        signal = sum(i * t for i, t in zip(scene.intensities, (gm, wm, whole - gm - wm - lesion, lesion), strict=True))
        signal = (signal + brain.contrast.detail * detail) * (1 + local.signal[labels])
        for number, bound in enumerate(brain.parts.pathologies):
            if isinstance(bound.law, Texture):
                change = self.grain(
                    bound.law, np.where(whole > 0.5, shares[number], 0), scene.pathology[number]["grain"]
                )
        field = np.exp(scene.scan.gain + (scene.scan.bias.reshape(9, 1, 1, 1) * cosines(brain.shape)).sum(0))
        noisy = (signal + change) * field + scene.scan.noise * (local.noise[0] + 1j * local.noise[1])
        return np.where(whole > 0.5, np.abs(noisy), 0), healthy - gm - wm - change

    def grain(self, part, share, grain):
        """Grain whose mean over every region, weighted by the share, is zero."""
        found = np.zeros(share.shape)
        for label in np.unique(self.scene.warped.labels[share > 0]):
            inside = (self.scene.warped.labels == label) & (share > 0)
            found[inside] = grain[inside] - np.average(grain[inside], weights=share[inside])
        return part.depth * share * found


@pytest.mark.parametrize("name", BRAINS)
@pytest.mark.parametrize("subject", [0, 1])
def test_images_and_losses_are_those_of_the_formulas_in_double_precision(name, subject):
    brain = BRAINS[name]
    scene = brain.scene(subject, "evaluation")
    state = brain.parts.strengths(subject, "evaluation")
    image, lost = Naive(brain, scene).image(state)
    np.testing.assert_allclose(render(brain, scene, state), image, atol=2e-6)
    np.testing.assert_allclose(loss(brain, scene, state), lost, atol=2e-6)


def test_what_one_of_two_lesions_in_a_voxel_takes_is_planted_there():
    """Far from one lesion and inside another, single precision rounds away the first one's share of their sum."""
    truths = BRAINS["lesions"].cohort(range(8)).truths
    planted, counterfactual = (truths[name].volume for name in ("planted", "counterfactual"))
    assert counterfactual[planted == 0].abs().max() == 0
    assert ((counterfactual != 0) & (planted.abs() < 6e-8)).any()


def test_absent_pathology_is_never_drawn():
    class Refuses(Focal):
        def draw(self, rng, place):
            raise AssertionError("drawn")

    brain = Brain(Refuses(), amplitude=0.3)
    assert brain.sample([0, 2], "train").images.equal(Brain(Focal(), amplitude=0.3).sample([0, 2], "train").images)
    with pytest.raises(AssertionError, match="drawn"):
        brain.sample([1], "train")


def test_voxels_are_taken_out_and_put_back():
    rng = np.random.default_rng(0)
    mask, volumes = rng.uniform(size=(4, 5, 6)) > 0.6, rng.standard_normal((2, 3, 4, 5, 6))
    some = Voxels.where(mask)
    assert np.array_equal(some.of(volumes), volumes[..., mask])
    assert np.array_equal(some.spread(some.of(volumes)), np.where(mask, volumes, 0))
    assert np.array_equal(some.points.T, np.argwhere(mask)) and np.array_equal(some.point(7), np.argwhere(mask)[7])


@pytest.mark.parametrize("most", [1.7, 4.3])
def test_squared_distance_is_exact_as_far_as_it_is_asked_for(most):
    places = np.random.default_rng(0).uniform(size=(14, 9, 11)) > 0.995
    expected = distance_transform_edt(~places)
    found = squared_distance(places, most)
    close = expected <= most
    assert np.array_equal(np.sqrt(found[close].astype(np.float64)), expected[close])
    assert (found[~close] > most**2).all() and (found[(expected > 3**0.5 * most)] >= FAR).all()


def test_no_point_within_reach_is_missed():
    rng = np.random.default_rng(0)
    points, centres, reach = (
        rng.integers(0, 60, (3, 900)).astype(np.int16),
        rng.uniform(0, 60, (5, 3)),
        np.arange(5) * 7.0,
    )
    apart = np.linalg.norm(points.T - centres[:, None], axis=-1)
    which, at = within_reach(points, centres, reach)
    asked, found = (set(zip(*pairs, strict=True)) for pairs in (np.nonzero(apart < reach[:, None]), (which, at)))
    assert asked <= found and (apart[which, at] < reach[which] + 0.2).all() and (np.diff(which) >= 0).all()


@pytest.mark.parametrize("sigma", [0.0, 0.3, 1.4])
def test_softened_borders_are_those_of_the_whole_grid(sigma):
    chosen = np.zeros((12, 14, 10), bool)
    chosen[0:3, 6:9, 4], chosen[8, 13, 9] = True, True
    expected = gaussian_filter(chosen.astype(np.float32), sigma, truncate=3.0)
    assert np.array_equal(softened(chosen, sigma), expected)
    assert not softened(np.zeros_like(chosen), sigma).any()


def test_scenes_of_the_bank_and_drawn_ones_are_the_same_whoever_asks_first(tmp_path):
    brain = BRAINS["focal"]
    brain.fill_bank({"train": 2}, tmp_path)
    banked = brain.with_bank(tmp_path).scene(1, "train")
    drawn = replace(brain).scene(1, "train")
    assert dict(banked.pathology[0])["radius_mm"] == dict(drawn.pathology[0])["radius_mm"]
    assert all(np.array_equal(banked.shape[name], drawn.shape[name]) for name in drawn.shape)
