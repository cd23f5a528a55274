"""Values and several classes are trained, judged and recorded; further test streams where a simulator has them."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from bench.contracts import Batch
from bench.networks.linear import Linear
from bench.passes.correlation import correlation
from bench.stages.images import IMAGES, draw
from bench.training.gate import predicts, worst
from bench.training.images import Images
from bench.training.objective import Classes, Values, objective
from bench.training.training import Seeds, train

SHAPE = (4, 4, 4)
CONFIG = {"epochs": 30, "batch": 8, "learning_rate": 3e-2, "weight_decay": 0.0, "patience": 30}
PAIRS = dict.fromkeys(("0-1", "0-2", "1-2"), 0.98)


def _batch(count, seed, targets, on=1.0):
    """Noise; the brightness of slab k is the k-th column of what targets ask for."""
    draw = torch.Generator().manual_seed(seed)
    images = 0.5 + 0.1 * torch.randn(count, 1, *SHAPE, generator=draw)
    wanted = torch.nn.functional.one_hot(targets) if targets.dtype == torch.int64 else (targets[:, None] - 65) / 20
    for k, column in enumerate(wanted.T):
        images[:, :, k] += 0.2 * on * column.view(-1, 1, 1, 1)
    return Batch(images, targets, torch.arange(count))


def _images(make):
    return Images(
        _batch(120, 0, make(120)), _batch(60, 1, make(60)), _batch(900, 2, make(900)), _batch(900, 2, make(900), on=0.0)
    )


def _years(count):
    return 45 + 40 * torch.linspace(0, 1, count)[torch.randperm(count, generator=torch.Generator().manual_seed(3))]


def _three(count):
    return torch.arange(count) % 3


def test_values_are_learnt_in_standard_deviations_from_their_mean():
    images = _images(_years)
    trained = train(images, lambda: Linear(SHAPE, 1), CONFIG, Seeds(0, 0, 0), {"reached": 0.95, "r2": 0.9})
    record = trained.record
    assert record["passed"], record
    assert (record["target_mean"], record["target_sd"]) == pytest.approx((65, 11.6), abs=0.1)
    with torch.no_grad():
        said = trained.model(images.test.images)[:, 0] * record["target_sd"] + record["target_mean"]
    assert (said - images.test.targets).abs().mean() < 4
    assert record["r2"] == pytest.approx(np.corrcoef(said, images.test.targets)[0, 1] ** 2, abs=1e-4)


def test_three_classes_are_learnt_and_judged_by_the_worst_pair():
    images = _images(_three)
    record = train(images, lambda: Linear(SHAPE, 3), CONFIG, Seeds(0, 0, 0), {"reached": 0.99, "pairs": PAIRS}).record
    assert record["passed"], record
    assert record["pair"] in PAIRS


def test_targets_choose_the_loss():
    assert isinstance(objective(_batch(8, 0, _three(8))), Classes)
    values = objective(_batch(8, 0, _years(8)))
    assert isinstance(values, Values)
    outputs, targets = torch.randn(8, 1), _years(8)
    expected = ((outputs[:, 0].double() - (targets.double() - values.mean) / values.sd) ** 2).mean()
    assert values.loss(outputs, targets).item() == pytest.approx(expected.item(), rel=1e-5)


def test_a_model_that_mixes_up_one_pair_fails_by_it():
    rng = torch.Generator().manual_seed(0)
    targets = _three(900)
    outputs = 3 * torch.nn.functional.one_hot(targets).float() + torch.randn(900, 3, generator=rng)
    off = torch.randn(900, 3, generator=rng)
    calibration = {"reached": 0.98, "pairs": PAIRS}
    assert worst(outputs, targets, off, calibration)["passed"]
    outputs[:, 1:] = outputs[:, 1:].amax(1, keepdim=True) + 0.01 * torch.randn(900, 2, generator=rng)
    found = worst(outputs, targets, off, calibration)
    assert not found["passed"] and found["pair"] == "1-2"
    assert found["reason"].startswith("classes 1-2: competence")


def test_gate_of_values_judges_by_the_lower_bound_and_by_the_off_test():
    rng = np.random.default_rng(0)
    targets = torch.from_numpy(rng.uniform(size=1000))
    signal = targets.numpy() + 0.1 * rng.standard_normal(1000)
    noise = rng.standard_normal(1000)
    calibration = {"reached": 0.95, "r2": 0.9}
    assert predicts(signal, targets, noise, calibration)["passed"]
    assert predicts(100 - 7 * signal, targets, noise, calibration)["competence"] < 0
    assert predicts(100 + 7 * signal, targets, noise, calibration)["passed"]
    assert "competence" in predicts(noise, targets, noise, calibration)["reason"]
    assert "pathology off" in predicts(signal, targets, signal, calibration)["reason"]
    assert predicts(np.ones(1000), targets, np.ones(1000), calibration)["r2"] == 0


def test_correlation_interval_covers_the_truth():
    rng = np.random.default_rng(1)
    found = []
    for _ in range(400):
        a = rng.standard_normal(100)
        found.append(correlation(0.6 * a + 0.8 * rng.standard_normal(100), a))
    assert np.mean([c.low <= 0.6 <= c.high for c in found]) == pytest.approx(0.95, abs=0.03)
    assert found[0].r2[0] == pytest.approx(found[0].value ** 2)
    with pytest.raises(ValueError, match="4 or more"):
        correlation(np.arange(3), np.arange(3))


class _Values:
    """A simulator of one number a subject: the stream's length, the subject's number and the state."""

    shape = SHAPE
    splits = ("decorrelated",)

    def sample(self, indices, stream, do=None):
        (i,) = indices
        image = torch.full((1, 1, *SHAPE), 100.0 * len(stream) + i + (0.5 if do else 0))
        return Batch(image, torch.tensor([i / 7]), torch.tensor([i]))


def test_images_keep_values_and_hold_the_further_streams(tmp_path):
    draw(_Values(), {"train": 9, "validation": 8, "test": 10}, tmp_path)
    study = SimpleNamespace(make=lambda kind, name: _Values())
    found = IMAGES.read(tmp_path, study, SimpleNamespace(unit=SimpleNamespace(simulator="values")))
    assert torch.equal(found.train.targets, torch.arange(9) / 7)
    assert found.off.images[3].unique().item() == 403.5
    assert list(found.shifted) == ["decorrelated"]
    assert len(found.shifted["decorrelated"]) == 10
    assert found.shifted["decorrelated"].images[9].unique().item() == 1209


def test_what_a_model_learnt_of_a_cue_is_recorded():
    images = _images(_three)
    two = images.train.take((images.train.targets < 2).nonzero().squeeze(1))
    shifted = {"reversed": Batch(two.images, 1 - two.targets, two.subjects), "decorrelated": two}
    record = train(
        images._replace(shifted=shifted),
        lambda: Linear(SHAPE, 3),
        CONFIG,
        Seeds(0, 0, 0),
        {"reached": 0.99, "pairs": PAIRS},
    ).record
    assert record["auc_decorrelated"] > 0.9
    assert record["auc_reversed"] == pytest.approx(1 - record["auc_decorrelated"])
