"""The dial: asked and reached AUC agree, on subjects the observer never saw."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.metrics import roc_auc_score

from bench.contracts import BadInput
from bench.passes.discrimination import auc
from simulators import separability
from simulators.brain import Brain
from simulators.contrast import Contrast
from simulators.draw.drawn import DrawnSubjects
from simulators.draw.subject import draw
from simulators.observe.readout import discriminant, fit, regression
from simulators.pathology.atrophy import Atrophy
from simulators.pathology.focal import Focal
from simulators.pathology.several import Several
from simulators.pathology.texture import Texture
from simulators.separability import HIGH, LOW, STREAM, TRIED, as_seen, calibrate, observer
from simulators.task.graded import Graded
from simulators.task.patterns import Patterns


def test_auc_equals_scikit_learn_with_ties():
    rng = np.random.default_rng(0)
    labels, scores = rng.integers(0, 2, 300), rng.integers(0, 9, 300)
    assert auc(scores, labels).value == pytest.approx(roc_auc_score(labels, scores))


def test_auc_interval_covers_the_truth():
    """Two normals one SD apart have AUC Phi(1 / sqrt 2) = 0.7602."""
    rng = np.random.default_rng(1)
    labels = np.arange(200) % 2
    found = [auc(rng.standard_normal(200) + labels, labels) for _ in range(400)]
    assert np.mean([a.low <= 0.7602 <= a.high for a in found]) == pytest.approx(0.95, abs=0.03)


def test_discriminant_points_where_scikit_learn_does():
    rng = np.random.default_rng(2)
    labels = np.arange(400) % 2
    features = rng.standard_normal((400, 5)) @ rng.standard_normal((5, 5)) + labels[:, None] * np.arange(5)
    ours = features @ discriminant(features, labels)
    theirs = LinearDiscriminantAnalysis().fit(features, labels).decision_function(features)
    assert np.corrcoef(ours, theirs)[0, 1] > 0.999


def test_products_read_what_no_single_statistic_tells():
    """The sign of a product: a line is at chance, a quadratic is not."""
    features = np.random.default_rng(3).standard_normal((2000, 3)) + 5
    labels = ((features[:, 0] - 5) * (features[:, 1] - 5) > 0).astype(int)
    found = [auc(fit(features[::2], labels[::2], p)(features[1::2]), labels[1::2]).value for p in (False, True)]
    assert found[0] < 0.6 and found[1] > 0.95


def test_regression_weights_predict_as_least_squares_do():
    rng = np.random.default_rng(4)
    features = rng.standard_normal((500, 4)) * (1, 10, 0.1, 5) + 3
    values = features @ (1, -0.2, 4, 0) + rng.standard_normal(500)
    exact = np.linalg.lstsq(np.column_stack([features, np.ones(500)]), values, rcond=None)[0]
    found = regression(features, values)
    np.testing.assert_allclose(found * features.std(0), exact[:4] * features.std(0), atol=5e-3)


def test_values_are_calibrated_by_their_halves_with_the_r2_beside(atrophy):
    found = replace(atrophy, task=Graded(), separability=0.75).calibrate(subjects=120, verify=120)
    assert found["low"] <= found["asked"] <= found["high"]
    assert 0.05 < found["r2"] < 0.9


def test_three_classes_are_calibrated_by_the_explained_pair_and_all_pairs_recorded():
    """Two classes with the same pathology in mirrored places are told apart from controls alike."""
    parts = Several(tuple(Atrophy((f"{side} thalamus",)) for side in ("left", "right")), (None, None))
    task = Patterns((((0, 0),), ((1, 0),), ((0, 1),)))
    found = Brain(parts, task=task, separability=0.8).calibrate(subjects=180, verify=180)
    assert set(found["pairs"]) == {"0-1", "0-2", "1-2"}
    assert found["reached"] == found["pairs"]["0-1"] == pytest.approx(found["pairs"]["0-2"], abs=0.15)


@pytest.mark.full
def test_calibration_reaches_what_was_asked(atrophy):
    found = atrophy.with_amplitude(1.0).calibrate(subjects=400, verify=400)
    assert found["low"] <= found["asked"] <= found["high"]
    assert 0 < found["amplitude"] < 1


def test_unreachable_separability_is_refused():
    says = r"separability=0\.99 is not possible: give at most 0\.\d{3}, which is reached at amplitude 1, or enlarge"
    with pytest.raises(BadInput, match=says) as error:
        faint = Focal(volume_ml=0.35, volume_sd=0.0, smallest_ml=0.35)
        Brain(faint, contrast=Contrast(lesion=0.7), separability=0.99).calibrate(subjects=60, verify=60)
    assert "\n" not in str(error.value)


def test_separability_below_what_the_least_amplitude_reaches_is_refused():
    """Grain four times as deep as the default's is seen at any amplitude that is searched."""
    deep = Texture(("left frontal white matter", "right frontal white matter"), depth=2.0)
    says = r"separability=0\.6 is not possible: give at least 0\.\d{3}, which is reached at amplitude 0\.02, or weaken"
    with pytest.raises(BadInput, match=says) as error:
        Brain(deep, separability=0.6).calibrate(subjects=60, verify=60)
    assert "\n" not in str(error.value)


@pytest.fixture
def stopped(atrophy):
    """A calibration that was stopped at its fourth amplitude, and what it had found."""

    class Stopping(dict):
        def __setitem__(self, amplitude, value):
            if len(self) == 3:
                raise KeyboardInterrupt
            super().__setitem__(amplitude, value)

    reached = Stopping()
    with pytest.raises(KeyboardInterrupt):
        calibrate(atrophy.parts, 0.9, 60, 60, reached=reached)
    return dict(reached)


def test_a_search_goes_on_from_what_it_found_and_finds_the_same(atrophy, stopped, monkeypatch):
    whole, looked = calibrate(atrophy.parts, 0.9, 60, 60), []
    look = separability.as_seen
    monkeypatch.setattr(separability, "as_seen", lambda p, a, *more: looked.append(a) or look(p, a, *more))
    assert calibrate(atrophy.parts, 0.9, 60, 60, reached=stopped) == whole
    assert len(stopped) > 3 and not {LOW, HIGH} & set(looked), "ends are tried first, and were known"


def test_subjects_of_a_bank_give_the_same_and_are_drawn_once(atrophy, tmp_path, monkeypatch):
    direct = [draw(atrophy.parts, i, STREAM) for i in range(40)]
    atrophy.fill_bank({STREAM: 40}, tmp_path)
    monkeypatch.setattr(type(atrophy.parts.anatomy), "warp", lambda *_: pytest.fail("it is in the bank"))
    told = []
    banked = DrawnSubjects(atrophy.parts, STREAM, range(40), tmp_path, told.append)
    watcher = observer(atrophy.parts, 0.3, banked)
    seen = [as_seen(atrophy.parts, 0.3, watcher, subjects) for subjects in (banked, direct)]
    for ours, theirs in zip(*seen, strict=True):
        assert np.array_equal(ours, theirs)
    assert sum(told) >= 40


def test_the_share_done_rises_to_the_end(atrophy):
    told = []
    calibrate(atrophy.parts, 0.9, 60, 60, progress=told.append)
    assert told == sorted(told) and 0 < told[0] < told[-1] <= 1 and len(told) > 5


def test_the_share_done_still_rises_where_more_amplitudes_are_tried_than_expected(atrophy, monkeypatch):
    monkeypatch.setattr(separability, "TRIED", 1)
    told = []
    calibrate(atrophy.parts, 0.9, 60, 60, progress=told.append)
    assert told == sorted(set(told)) and told[-1] <= 1


def test_the_share_done_of_a_search_that_goes_on_begins_where_that_was(atrophy, stopped):
    told = []
    calibrate(atrophy.parts, 0.9, 60, 60, reached=stopped, progress=told.append)
    assert told[0] > 3 * 60 / (TRIED * 60 + 60)
