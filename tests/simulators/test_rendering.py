"""Rendering some voxels in single precision gives what the formulas say of every voxel in double precision."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from renders import loss, render
from scipy.ndimage import distance_transform_edt, gaussian_filter
from scipy.optimize import brentq

from simulators.brain import Brain
from simulators.effects import cosines
from simulators.pathology.atrophy import Atrophy
from simulators.pathology.blob import HALVINGS, within_reach
from simulators.pathology.focal import Focal
from simulators.pathology.infarct import Infarct
from simulators.pathology.nearest import FAR, squared_distance
from simulators.pathology.regional import softened
from simulators.pathology.several import Several
from simulators.pathology.texture import Texture
from simulators.pathology.white_matter_lesions import WhiteMatterLesions
from simulators.space.voxels import Voxels
from simulators.task.patterns import Patterns

HIPPOCAMPI = ("left hippocampus", "right hippocampus")
FRONTAL = ("left frontal white matter", "right frontal white matter")
TERRITORIES = (
    ("left frontal white matter", "left precentral gyrus", "left superior frontal gyrus", "left insula"),
    ("right parietal white matter", "right superior parietal lobule", "right postcentral gyrus"),
)
LESIONS = Several((WhiteMatterLesions(), WhiteMatterLesions(landmarks=FRONTAL, volume_sd=1.0)), (None, 0.5))
BRAINS = {
    "atrophy": Brain(Atrophy(HIPPOCAMPI), amplitude=0.5),
    "focal": Brain(Focal(), amplitude=0.3),
    "tumour": Brain(Focal(rim=0.4, oedema=0.5, volume_ml=20.0, volume_sd=0.0), amplitude=0.3),
    "infarct": Brain(Infarct(territories=TERRITORIES, volume_ml=20.0), amplitude=0.3),
    "lesions": Brain(LESIONS, amplitude=0.4, task=Patterns((((0, 1),), ((1, 1),)))),
    "texture": Brain(Texture(FRONTAL), amplitude=0.3),
}


def extent(missing, low, high):
    """Where nothing is missing, by halvings and a line: no farther from there than a line is from an even bow."""
    exact = brentq(missing, low, high) if missing(high) > 0 else high
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if missing(middle) < 0 else (low, middle)
    below, above, rise = missing(low), missing(high), missing(high) - missing(low)
    found = low + (high - low) * np.clip(-below / max(rise, 1e-12), 0, 1)
    bow = np.abs(missing((low + high) / 2) - (below + above) / 2)
    assert np.abs(found - exact) <= 2 * (high - low) * bow / max(rise, 1e-12) + 1e-9
    return found


@dataclass
class Naive:
    """What README says of a subject, every formula written out for the whole grid in float64."""

    brain: Brain
    scene: object

    def share(self, part, latents):
        """How much of every voxel a part acts on at amplitude 1."""
        mm = self.brain.anatomy.resolution_mm
        maps = np.where(self.scene.warped.maps[2] > 0, self.scene.warped.maps[:2], 0).astype(np.float64)
        if isinstance(part, Focal):
            return self.focal(part, latents, maps)
        if isinstance(part, WhiteMatterLesions):
            lesions = zip(latents["centres"], latents["volumes_ml"], latents["axes"], *latents["waves"], strict=True)
            depths = [self.depth(part, *lesion, maps[1], 0) for lesion in lesions]
            return 1 - np.prod([1 - self.step(part, depth) for depth in depths], axis=0)
        chosen = np.isin(self.scene.warped.labels, [self.brain.region_names.index(r) + 1 for r in part.regions])
        return gaussian_filter(chosen.astype(np.float64), part.edge_mm / mm / 2, truncate=3.0)

    def focal(self, part, latents, maps):
        """A rim, less inside, and a halo in white matter."""
        tissue, mm = maps.sum(0), self.brain.anatomy.resolution_mm
        if isinstance(part, Infarct):
            names = self.brain.region_names
            own = [np.isin(self.scene.warped.labels, [names.index(r) + 1 for r in t]) for t in part.territories]
            near = [np.linalg.norm(np.argwhere(t) - latents["centre"], axis=1).min() for t in own]
            tissue = np.where(own[int(np.argmin(near))], tissue, 0)
        lesion = (latents["centre"], latents["volume_ml"], latents["axis"], *latents["waves"])
        depth = self.depth(part, *lesion, tissue, part.taper)
        whole = np.where(tissue > 0, self.step(part, depth), 0)
        halo, steps = whole, int(np.ceil(part.oedema_mm / mm))
        offsets = np.stack(np.meshgrid(*[[-1, 0, 1]] * 3), -1).reshape(-1, 3)
        for step in range(steps):
            near = [o for o in offsets if np.abs(o).sum() <= (3 if step % 2 else 1)]
            most = np.max([np.roll(halo, o, (0, 1, 2)) for o in near], axis=0)
            halo = np.maximum(whole, self.scene.warped.maps[1] * np.maximum(most - 1 / (steps + 1), 0))
        core = self.step(part, depth - part.rim_mm)
        return whole * (1 - part.rim * core) + part.oedema * halo * (1 - whole)

    def step(self, part, depth):
        """Share of the voxels at a depth in mm within a border."""
        x = np.clip(0.5 + depth / max(part.edge_mm, self.brain.anatomy.resolution_mm / 2) / 2, 0, 1)
        return 3 * x**2 - 2 * x**3

    def depth(self, part, centre, volume_ml, axis, directions, phases, tissue, taper):
        """Depth in mm inside an irregular body that encloses its volume of tissue."""
        mm = self.brain.anatomy.resolution_mm
        radius = np.cbrt(750 * volume_ml / np.pi)
        offset = mm * (np.indices(self.brain.shape) - centre.reshape(3, 1, 1, 1)) / radius
        along = np.tensordot(axis, offset, 1)
        across = np.sqrt(np.maximum((offset**2).sum(0) - along**2, 0)) / np.clip(1 + taper * along, 0.4, 1.6)
        longer = part.elongation ** (2 / 3)
        angle = np.tensordot(directions, offset, 1) + phases.reshape(8, 1, 1, 1)
        apart = np.sqrt((along / longer) ** 2 + across**2 * longer) - 0.2 * part.irregularity * np.sin(angle).sum(0)

        least = -max(part.edge_mm, mm / 2) / radius - 0.2 * part.irregularity * len(phases)
        widest = 3.0 if isinstance(part, Infarct) else 1.6

        def missing(reach):
            return (self.step(part, (reach - apart) * radius) * tissue).sum() * mm**3 / 1000 - volume_ml

        return (extent(missing, least, widest) - apart) * radius

    def image(self, strengths):
        """The image and what was planted, (D, H, W) each."""
        brain, scene = self.brain, self.scene
        labels, local = scene.warped.labels, scene.local
        gm, wm, whole, detail = scene.warped.maps.astype(np.float64)
        of_gm, of_wm = (brain.local.folding * 4 * share * (1 - share) for share in (gm, wm))
        gm = gm * np.clip(1 + local.volume[labels] + of_gm * local.folding[0], 0, 2)
        wm = wm * np.clip(1 + of_wm / 2 * local.folding[1], 0, 2)
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
    """However faint: a border begins as three squares of the depth, so that of n voxels the faintest has some 3 / n^2.

    It has five times the depth that is expected once in a hundred and fifty times.
    """
    truths = BRAINS["lesions"].cohort(range(8)).truths
    planted, counterfactual = (truths[name].volume for name in ("planted", "counterfactual"))
    assert counterfactual[planted == 0].abs().max() == 0
    faint = planted[counterfactual != 0].abs()
    assert faint.min() < 0.5 * 3 * (5 / len(faint)) ** 2 < 1e-4


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
    assert dict(banked.pathology[0])["volume_ml"] == dict(drawn.pathology[0])["volume_ml"]
    assert all(np.array_equal(banked.shape[name], drawn.shape[name]) for name in drawn.shape)
