"""Scanner effects: each obeys its law, is nothing at size 0, is shared by twins and survives redraws."""

import numpy as np
import pytest
from renders import render

from bench.contracts import BadInput
from simulators import effects
from simulators.brain import Brain
from simulators.clinical import Clinical, Site
from simulators.draw import subject as drawing
from simulators.nuisance import Scan, Scanner
from simulators.pathology.atrophy import Atrophy
from simulators.pathology.focal import Focal
from simulators.space.voxels import Voxels

SITES = (Site(0.1, 2.0, (0.2, 0.0, -0.1)), Site(), Site(-0.1, 0.5, (0.0, 0.3, 0.0)))
BUSY = Clinical(gamma=0.2, blur_mm=8.0, ghost=0.2, sites=SITES)
MM = 6.5


@pytest.fixture(scope="module")
def head():
    rng = np.random.default_rng(0)
    inside = rng.uniform(size=(10, 12, 8)) > 0.3
    return rng.uniform(0.1, 1.2, inside.shape).astype(np.float32), inside


@pytest.fixture(scope="module")
def draws():
    return [BUSY.draw(np.random.default_rng(i)) for i in range(4000)]


def test_a_clinic_whose_effects_are_off_is_a_plain_scanner():
    plain, off = (Brain(Focal(), amplitude=0.3, nuisance=n).sample([0, 1], "train") for n in (Scanner(), Clinical()))
    assert plain.images.equal(off.images)


def test_gamma_keeps_black_one_and_order(head):
    signal = head[0]
    found = effects.contrast_gamma(signal, 0.3)
    np.testing.assert_allclose(found, signal.astype(np.float64) ** np.exp(0.3), rtol=1e-5)
    assert np.array_equal(np.argsort(found, axis=None), np.argsort(signal, axis=None))
    assert effects.contrast_gamma(np.array([-1.0, 0.0, 1.0], np.float32), 0.3).tolist() == [-1, 0, 1]


def test_blur_is_a_gaussian_of_the_width_asked_for():
    impulse, inside = np.zeros((21, 21, 21), np.float32), Voxels.where(np.ones((21, 21, 21), bool))
    impulse[10, 10, 10] = 1
    found = inside.spread(effects.blur(inside.of(impulse), inside, fwhm_mm=12.0, voxel_mm=4.0))
    width = np.sqrt((found.sum((1, 2)) * np.arange(-10, 11) ** 2).sum())
    assert found.sum() == pytest.approx(1, abs=1e-3)
    assert 4.0 * effects.FWHM * width == pytest.approx(12.0, rel=0.02)


def test_blur_keeps_a_constant_up_to_the_rim_of_the_brain(head):
    inside = Voxels.where(head[1])
    constant = np.full(len(inside.at), np.float32(0.7))
    np.testing.assert_allclose(effects.blur(constant, inside, 9.0, MM), 0.7, rtol=1e-5)


def test_ghosts_are_what_modulated_lines_of_k_space_give(head):
    signal, inside = head
    stripped = np.where(inside, signal, 0).astype(np.float64)
    lines = np.arange(12)[:, None]
    shift = round(0.3 * 12)
    modulated = np.fft.fft(stripped, axis=1) * (1 + 0.2 * np.cos(2 * np.pi * shift * lines / 12))
    expected = np.fft.ifft(modulated, axis=1)
    found = effects.ghosts(signal[inside], Voxels.where(inside), 0.2, 0.3)
    assert np.abs(expected.imag).max() < 1e-12
    np.testing.assert_allclose(found, expected.real[inside], atol=1e-6)


def test_scans_read_the_signal_inside_the_brain_only(head):
    signal, inside = head
    scan = Scan(np.zeros(9, np.float32), 0.0, 0.03, blur_mm=9.0, ghost=0.2, ghost_at=0.3)
    noise = np.ones((2, *signal.shape), np.float32)
    own, other = (
        Scanner().scan(s, scan, noise, inside.astype(np.float32), MM)
        for s in (signal, np.where(inside, signal, -signal))
    )
    assert np.array_equal(own, other) and (own[~inside] == 0).all()


def test_scan_is_its_effects_in_the_order_stated(head):
    """A naive float64 twin: gamma, bias and gain, blur, ghosts, complex noise, magnitude."""
    signal, inside = head
    noise = np.random.default_rng(1).standard_normal((2, *signal.shape), np.float32)
    scan = Scan(
        np.linspace(-0.1, 0.1, 9, dtype=np.float32), 0.05, 0.03, gamma=0.1, blur_mm=6.0, ghost=0.1, ghost_at=0.3
    )
    found = Scanner().scan(signal, scan, noise, inside.astype(np.float32), MM)
    wide = signal.astype(np.float64) ** np.exp(0.1)
    wide = wide * np.exp(0.05 + (scan.bias[:, None, None, None] * effects.cosines(signal.shape)).sum(0))
    head = Voxels.where(inside)
    wide = effects.ghosts(effects.blur(wide[inside], head, 6.0, MM), head, 0.1, 0.3)
    wide = np.abs(wide + 0.03 * (noise[0] + 1j * noise[1])[inside])
    np.testing.assert_allclose(found, head.spread(wide), atol=1e-5)


def test_noise_of_an_empty_brain_is_rayleigh():
    noise = Scanner().noise_pair(np.random.default_rng(0), (20, 20, 20))
    scan = Scan(np.zeros(9, np.float32), 0.0, 0.025)
    found = Scanner().scan(np.zeros((20, 20, 20), np.float32), scan, noise, np.ones((20, 20, 20)), MM)
    assert found.mean() == pytest.approx(0.025 * np.sqrt(np.pi / 2), rel=0.02)


def test_drawn_sizes_are_those_asked_for(draws):
    gamma, blur, ghost, at = (
        np.array([getattr(d, n) for d in draws]) for n in ("gamma", "blur_mm", "ghost", "ghost_at")
    )
    assert gamma.std() == pytest.approx(0.2, rel=0.05)
    assert np.sqrt((blur**2).mean()) == pytest.approx(8.0, rel=0.05) and blur.min() >= 0
    assert ghost.std() == pytest.approx(0.2, rel=0.05) and abs(ghost.mean()) < 0.02
    assert at.min() >= 0.15 and at.max() <= 0.5


def test_sites_are_equally_likely_and_leave_their_mark(draws):
    numbers = np.array([d.site for d in draws])
    np.testing.assert_allclose(np.bincount(numbers, minlength=4), [0, 4000 / 3, 4000 / 3, 4000 / 3], atol=120)
    for number, site in enumerate(SITES, start=1):
        own = [d for d in draws if d.site == number]
        assert np.mean([d.gain for d in own]) == pytest.approx(site.gain, abs=0.003)
        assert {d.noise for d in own} == {0.025 * site.noise}
        np.testing.assert_allclose(np.mean([d.bias[:3] for d in own], axis=0), site.slope, atol=0.003)


def test_an_effect_more_leaves_the_others_as_they_were():
    alone, all_of_them = (n.draw(np.random.default_rng(5)) for n in (Clinical(ghost=0.2), BUSY))
    assert alone.ghost == all_of_them.ghost and alone.ghost_at == all_of_them.ghost_at
    assert np.array_equal(alone.bias[3:], Scanner().draw(np.random.default_rng(5)).bias[3:])


def test_twins_share_their_scan():
    brain = Brain(Focal(), amplitude=0.3, nuisance=BUSY)
    own, twin = brain.record(1, "train"), brain.record(1, "train", {"pathology": "off"})
    assert {n for n in own if own[n] != twin[n]} == {"severity"}


def test_a_region_is_redrawn_before_the_scan_mixes_voxels():
    """The slow twin: mix the latents by region, then render once; blur and ghosts carry the change elsewhere."""
    brain = Brain(Atrophy(("left insula",)), amplitude=0.0, nuisance=BUSY)
    scene = brain.scene(3, "evaluation")
    region = brain.region_names.index("right thalamus") + 1
    found = brain.redraws(3, "evaluation", draws=2)[2 * (region - 1) + 1, 0].numpy()
    donor = drawing.local(brain.parts, drawing.streams(brain.parts, "evaluation/redraw-1", 3), {})
    inside, number = scene.warped.labels == region, np.arange(len(donor.volume)) == region
    mixed = {
        name: np.where(inside if new.ndim > 1 else number, new, old)
        for name, new, old in zip(donor._fields, donor, scene.local, strict=True)
    }
    expected = render(brain, scene._replace(local=scene.local._replace(**mixed)), 1.0)
    assert np.array_equal(found, expected)
    changed = found != render(brain, scene, 1.0)
    assert changed[inside].all() and changed[~inside & (scene.warped.maps[2] > 0.5)].any()


def test_record_tells_what_was_drawn():
    brain = Brain(Focal(), amplitude=0.3, nuisance=BUSY)
    scene, row = brain.scene(1, "train"), brain.record(1, "train", {"shift": (1, 2, 3), "strength": 0.5})
    assert row["severity"] == 0.5 and row["moved_y"] == 2
    assert (
        row["blur_mm"] == scene.scan.blur_mm and row["site"] == scene.scan.site and row["bias_z"] == scene.scan.bias[2]
    )
    assert row["scale_x"] == scene.shape["scale"][0] and row["ventricles_left"] == scene.shape["ventricles"][0]
    assert [row[f"bias_{term}"] for term in range(4, 10)] == scene.scan.bias[3:].tolist()
    assert 1 < row["volume_left_hippocampus"] < 10
    assert all(isinstance(value, float) and np.isfinite(value) for value in row.values())


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Site(slope=(0.1, 0.2)), r"Site.slope=\[0.1, 0.2\]"),
    ],
)
def test_impossible_scanner_is_one_sentence(make, says):
    with pytest.raises(BadInput, match=says) as error:
        make()
    assert "\n" not in str(error.value)
