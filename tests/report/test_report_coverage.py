"""Intervals cover what they claim, on simulated tables of crossed data seeds, model seeds within them, and subjects."""

from itertools import product

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit

from bench.report.statistics.intervals import MeanEstimate, balanced, mean_estimate

REPEATS, SUBJECTS, MODEL_SEEDS = 4000, 24, 2
#: spreads of data seed, model seed within data seed, subject, and model by subject
DESIGNS = {
    "data seeds dominate": (1.0, 0.5, 0.3, 0.3),
    "model seeds dominate": (0.2, 1.0, 0.3, 0.3),
    "subjects dominate": (0.1, 0.1, 1.0, 0.3),
    "residual dominates": (0.1, 0.1, 0.2, 1.0),
    "all alike": (0.3, 0.3, 1.0, 0.5),
}
#: spreads on the logit scale of scores in (0, 1)
BOUNDED = (0.3, 0.2, 0.5, 0.5)


def models(rng, repeats, seeds, spreads, subjects=SUBJECTS):
    """Tables (repeats, data seeds, model seeds, subjects) of mean zero."""
    data, model, subject, rest = spreads
    shape = (repeats, seeds, MODEL_SEEDS, subjects)
    effects = [(data, (repeats, seeds, 1, 1)), (model, (*shape[:3], 1)), (subject, (repeats, 1, 1, subjects))]
    return sum(s * rng.normal(size=size) for s, size in [*effects, (rest, shape)])


def coverage(interval, truth=0.0):
    low, high = interval
    return np.mean((low <= truth) & (high >= truth))


def bounded_coverage(rng, seeds, centre, spreads, subjects=SUBJECTS):
    """Coverage for scores that are a logistic function of crossed normal effects."""
    total = np.sqrt(np.sum(np.square(spreads)))
    truth = expit(centre + total * rng.normal(size=2_000_000)).mean()
    scores = expit(centre + models(rng, REPEATS, seeds, spreads, subjects)).mean(2)
    return coverage(balanced(scores).interval(), truth)


@pytest.mark.parametrize("seeds", [3, 5, 10, 30])
@pytest.mark.parametrize("design", DESIGNS)
def test_nested_model_seeds_are_covered_at_93_to_97(design, seeds):
    x = models(np.random.default_rng(10), REPEATS, seeds, DESIGNS[design]).mean(2)
    assert 0.93 <= coverage(balanced(x).interval()) <= 0.97


@pytest.mark.parametrize("seeds", [3, 5, 10, 30])
@pytest.mark.parametrize("design", DESIGNS)
def test_missing_cells_and_models_are_covered(design, seeds):
    """A tenth of the cells is missing, and the second model of every fourth data seed, as where one fails the gate."""
    rng = np.random.default_rng(11)
    x = models(rng, 1000, seeds, DESIGNS[design])
    tables = x.mean(2)
    tables[:, ::4] = x[:, ::4, 0]
    tables[:, rng.random(tables.shape[1:]) < 0.1] = np.nan
    # 0.93 to 0.98, as each end is the further out of two; below, the noise of a thousand repeats
    assert 0.92 <= coverage(mean_estimate(tables).interval()) <= 0.98


@pytest.mark.parametrize("seeds", [3, 5, 10, 30])
def test_paired_differences_are_covered(seeds):
    """Two methods share what data seeds and subjects do to both; each has effects of its own."""
    rng = np.random.default_rng(12)
    shared = models(rng, REPEATS, seeds, (1.0, 0.5, 1.0, 0.5))
    one, other = (shared + models(rng, REPEATS, seeds, (0.2, 0.2, 0.5, 0.3)) for _ in range(2))
    low, high = balanced((one - other).mean(2)).interval()
    assert 0.93 <= coverage((low, high)) <= 0.97
    alone = balanced(one.mean(2)).interval()
    assert np.mean(high - low) < np.mean(alone[1] - alone[0])


@pytest.mark.parametrize("centre", [-2.0, 0.0, 2.0])
@pytest.mark.parametrize("seeds", [5, 10, 30])
def test_scores_between_0_and_1_are_covered(seeds, centre):
    """Means of 0.14, 0.5 and 0.86 with the spread of a calibrated average precision."""
    assert 0.925 <= bounded_coverage(np.random.default_rng(13), seeds, centre, BOUNDED) <= 0.97


@pytest.mark.parametrize("centre", [-3.0, 3.0])
def test_scores_pressed_against_a_bound_are_covered(centre):
    """Mean 0.07 or 0.93, made by few subjects, whose skewness moves the interval; without it 90 to 93 % are covered."""
    spreads, rng = (0.1, 0.1, 1.0, 0.5), np.random.default_rng(14)
    assert all(0.925 <= bounded_coverage(rng, seeds, centre, spreads) <= 0.98 for seeds in (3, 30))


@pytest.mark.parametrize("seeds", [5, 10])
@pytest.mark.parametrize(("draw", "truth"), [("exponential", 1.0), ("lognormal", np.exp(0.5))])
def test_skewed_subjects_are_covered(draw, truth, seeds):
    """A few subjects with much higher scores: 24 of them, and without the third moment at most 93 and 88 %."""
    rng = np.random.default_rng(17)
    subjects = getattr(rng, draw)(size=(REPEATS, 1, SUBJECTS))
    rest = [0.2 * rng.normal(size=(REPEATS, seeds, 1)), 0.3 * rng.normal(size=(REPEATS, seeds, SUBJECTS))]
    score = balanced(subjects + rest[0] + rest[1])
    assert 0.92 <= coverage(score.interval(), truth) <= 0.97
    symmetric = MeanEstimate(score.mean, score.parts, score.freedom)
    assert coverage(symmetric.interval(), truth) < coverage(score.interval(), truth) - 0.01


@pytest.mark.parametrize("seeds", [5, 10])
def test_scores_of_0_and_1_are_covered(seeds):
    rng = np.random.default_rng(18)
    p = expit(2 + 1.5 * rng.normal(size=(REPEATS, 1, SUBJECTS)) + 0.3 * rng.normal(size=(REPEATS, seeds, 1)))
    truth = expit(2 + np.hypot(1.5, 0.3) * rng.normal(size=2_000_000)).mean()
    assert 0.93 <= coverage(balanced((rng.random((REPEATS, seeds, SUBJECTS)) < p) * 1.0).interval(), truth) <= 0.99


def mean_squares(rng, seeds, subjects, data, subject, rest):
    """Estimates of simulated tables of mean zero, drawn as their mean squares: 20,000 in a moment."""
    free = np.array([seeds - 1, subjects - 1, (seeds - 1) * (subjects - 1)])
    expected = np.array([subjects * data**2 + rest**2, seeds * subject**2 + rest**2, rest**2])
    of_seed, of_subject, residual = (expected * rng.chisquare(free, size=(20_000, 3)) / free).T
    cells = seeds * subjects
    mean = rng.normal(size=20_000) * np.sqrt(data**2 / seeds + subject**2 / subjects + rest**2 / cells)
    parts = np.stack([of_seed, np.maximum(of_subject - residual, 0)], -1) / cells
    return MeanEstimate(mean, parts, np.broadcast_to(free[:2].astype(float), parts.shape))


@pytest.mark.parametrize("seeds", [3, 5, 10, 30])
@pytest.mark.parametrize("subjects", [12, 24, 64])
def test_every_mixture_of_spreads_is_covered(seeds, subjects):
    """Data seeds, subjects and residual from nothing to all there is: where one equals another, and at both ends."""
    rng, levels = np.random.default_rng(15), [0.0, 0.2, 0.5, 1.0, 4.0]
    found = [
        coverage(mean_squares(rng, seeds, subjects, *spreads, 1.0).interval()) for spreads in product(levels, levels)
    ]
    assert min(found) >= 0.93 and max(found) <= 0.97


def test_degrees_of_freedom_of_the_mean_squares_alone_cover_too_little():
    """What `CAUTION` is for: three data seeds, where their spread in the mean is that of the subjects."""
    score = mean_squares(np.random.default_rng(16), 3, 24, 0.3, 0.3, 0.1)
    plain = score.variance**2 / (score.parts**2 / score.freedom).sum(-1)
    half = stats.t.ppf(0.975, plain) * np.sqrt(score.variance)
    assert coverage((score.mean - half, score.mean + half)) < 0.93 <= coverage(score.interval())


def test_with_one_part_the_interval_is_students():
    score = MeanEstimate(np.zeros(1), np.array([[0.5, 0.0]]), np.array([[2.0, 23.0]]))
    assert score.satterthwaite()[0] == pytest.approx(2)
