"""The observer of lesions: what healthy brains explain is taken away, and balls are found in the rest."""

import numpy as np
import pytest
from scipy.ndimage import convolve

from simulators.brain import Brain
from simulators.contrast import Contrast
from simulators.effects import cosines
from simulators.nuisance import Scanner
from simulators.observe.lesions import LEAST_ANSWER, Filters, ball, unexplained
from simulators.pathology.focal import Focal
from simulators.render.signal import image
from simulators.separability import observer

FLAIR = Contrast(gm=0.58, wm=0.48, csf=0.12, lesion=1.0, spread=0.02, detail=-0.3)


def test_filters_are_those_of_a_convolution():
    rng = np.random.default_rng(0)
    kernels, volume = [rng.random((3, 3, 3)), ball(9.0, 2.0, 4.0)], rng.random((9, 11, 8))
    expected = [convolve(volume, kernel, mode="constant") for kernel in kernels]
    np.testing.assert_allclose(Filters(kernels, volume.shape).apply(volume), expected, atol=1e-12)


def test_tissues_and_a_bias_field_are_explained_and_a_lesion_is_not():
    brain = Brain(Focal(), contrast=FLAIR, nuisance=Scanner(noise=0.0), amplitude=0.5)
    scene = brain.scene(1, "test")
    gm, wm, whole, detail = scene.warped.maps
    inside, field = whole > 0.5, 1 + 0.1 * cosines(brain.shape)[3] - 0.05 * cosines(brain.shape)[0]
    image = np.where(inside, (0.6 * gm + 0.5 * wm + 0.1 * (whole - gm - wm) - 0.3 * detail) * field, 0)
    left = unexplained(image, scene.warped)
    assert np.abs(left).max() < 0.01 and left[~inside].max() == 0
    lesion = np.zeros(image.shape)
    at = tuple(np.argwhere(inside & (wm > 0.9))[50])
    lesion[at] = 0.3
    assert unexplained(image + lesion, scene.warped)[at] == pytest.approx(0.3, abs=0.02)


def test_a_lesion_is_seen_at_an_amplitude_at_which_brightness_says_little():
    brain = Brain(Focal(volume_ml=5.0, volume_sd=0.0), contrast=FLAIR, amplitude=0.15)
    scenes = [brain.scene(i, "calibration") for i in range(60)]
    watcher = observer(brain.parts, 0.15, scenes)
    images = [brain.sample([i], "calibration").images[0, 0].numpy() for i in range(60)]
    seen = np.stack([watcher.features(x, s.warped, s.shape) for x, s in zip(images, scenes, strict=True)])
    highest, brightness = seen[:, 0], np.array([image.max() for image in images])

    def above(values):
        return np.mean(values[1::2][:, None] > values[::2])

    assert above(highest) > 0.85 and above(highest) > above(brightness) + 0.05


def test_the_spread_of_answers_is_that_of_all_of_them_at_once():
    """To the last bit, although they are never all in memory: calibrations rest on it."""
    brain = Brain(Focal(), contrast=FLAIR, amplitude=0.15)
    scenes = [brain.scene(i, "calibration") for i in range(12)]
    watcher = observer(brain.parts, 0.15, scenes)
    rest = [unexplained(image(brain.parts, scene, (0.0,)), scene.warped) for scene in scenes]
    answers = np.stack([watcher.filters.apply(left / watcher.spread) for left in rest])
    common = np.sqrt((answers**2).mean((0, 2, 3, 4)))
    assert np.array_equal(watcher.scale, np.maximum(answers.std(0), LEAST_ANSWER * common[:, None, None, None]))
