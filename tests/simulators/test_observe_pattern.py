"""The pattern of a reference observer: weights of every place, learnt on other subjects than those it is read on."""

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.linear_model import Ridge

from bench.passes.discrimination import auc
from simulators.observe.pattern import RIDGE, places_read, responses, template, values_read
from simulators.observe.seen import SeenSubjects, separated


@pytest.fixture(scope="module")
def known():
    """Two classes (2,000) in 30 correlated places, told apart best by weights that follow from the covariance."""
    rng = np.random.default_rng(0)
    mixing, shift = rng.standard_normal((30, 30)) / 10 + np.eye(30), rng.standard_normal(30) / 5
    sides = np.arange(2000) % 2
    images = (rng.standard_normal((2000, 30)) @ mixing + np.outer(sides, shift)).astype(np.float32)
    return images, sides, float(np.sqrt(shift @ np.linalg.solve(mixing.T @ mixing, shift)))


def test_a_template_is_the_ridge_regression_of_scikit_learn(known):
    images, sides, _ = known
    centred = images - images.mean(0)
    model = Ridge(alpha=RIDGE * np.square(centred).sum() / len(images)).fit(images, sides)
    found = template(images, sides)(images)
    np.testing.assert_allclose(found, model.predict(images) - sides.mean(), atol=1e-4)


def test_the_observer_comes_near_what_the_best_weights_reach(known):
    """The ideal AUC of two normals is Phi(d' / sqrt 2); statistics alone, here noise, are at chance."""
    images, sides, distance = known
    noise = np.random.default_rng(1).standard_normal((2000, 3))
    halves = [SeenSubjects(noise[a], images[a], sides[a], sides[a]) for a in (slice(0, 1000), slice(1000, None))]
    reached = separated(*halves, products=False)
    assert norm.cdf(distance / 2**0.5) - 0.05 < reached.value <= reached.high
    assert reached.low < norm.cdf(distance / 2**0.5)


def test_responses_are_those_of_the_other_half():
    """With more places than subjects a template knows its own subjects by heart; what is read is at chance on noise."""
    rng = np.random.default_rng(2)
    images, sides = rng.standard_normal((200, 2000)).astype(np.float32), np.arange(200) % 2
    assert auc(template(images, sides)(images), sides).value > 0.99
    assert abs(auc(responses(images, sides), sides).value - 0.5) < 0.1
    np.testing.assert_allclose(responses(images, sides)[:100], template(images[100:], sides[100:])(images[:100]))


def test_places_lie_in_the_brain_about_five_mm_apart():
    brain = np.zeros((12, 12, 12))
    brain[2:10, 2:10, 2:10] = 1
    assert [int(places_read(brain, mm).sum()) for mm in (7.0, 4.0, 2.5, 1.0)] == [512, 512, 64, 1]
    even = np.full((12, 12, 12), 3.0)
    np.testing.assert_allclose(
        values_read(even, places_read(brain, 7.0), 7.0), np.full(512, 3.0, np.float32), rtol=1e-6
    )
