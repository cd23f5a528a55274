"""Training repeats itself, keeps its seeds apart, and judges honestly."""

import numpy as np
import pytest
import torch

from bench.contracts import BadInput, Batch
from bench.networks.cnn import PooledCNN
from bench.networks.linear import Linear
from bench.stages.train import read, write
from bench.training.gate import gate
from bench.training.images import Images
from bench.training.training import Diverged, NotKept, Seeds, train

SHAPE = (4, 4, 4)
CONFIG = {"epochs": 6, "batch": 8, "learning_rate": 1e-2, "weight_decay": 0.0, "patience": 6}


def _batch(count, seed, on=1.0):
    draw = torch.Generator().manual_seed(seed)
    targets = torch.arange(count) % 2
    images = 0.5 + 0.1 * torch.randn(count, 1, *SHAPE, generator=draw)
    images[:, :, :2] += 0.2 * on * targets.view(-1, 1, 1, 1, 1)
    return Batch(images, targets, torch.arange(count))


@pytest.fixture(scope="module")
def images():
    return Images(_batch(64, 0), _batch(32, 1), _batch(400, 2), _batch(400, 2, on=0.0))


def _train(images, data=0, model=0, build=lambda: PooledCNN(SHAPE, 2, width=2, blocks=1), **over):
    return train(images, build, {**CONFIG, **over}, Seeds(data, model, model), calibration={"reached": 0.95})


def test_the_same_seeds_give_the_same_model(images):
    first, second = _train(images), _train(images)
    assert first.record == second.record
    assert first.record["weights"] != _train(images, model=1).record["weights"]


def test_training_leaves_the_global_random_state_alone(images):
    before = torch.random.get_rng_state()
    _train(images)
    assert torch.equal(before, torch.random.get_rng_state())


def test_a_separable_task_is_learned_and_passes_the_gate(images):
    record = _train(images, build=lambda: Linear(SHAPE, 2)).record
    assert record["passed"], record
    assert record["auc"] > 0.95
    assert abs(record["auc_off"] - 0.5) < 0.08


class _Signed(Linear):
    """Training turns a sign that is no buffer."""

    sign = 1.0

    def forward(self, x):
        if self.training:
            self.sign = -1.0
        return super().forward(x) * self.sign


class _Grown(Linear):
    """Training adds a layer."""

    def forward(self, x):
        if self.training and not hasattr(self, "late"):
            self.late = torch.nn.Linear(2, 2)
        return self.late(super().forward(x)) if hasattr(self, "late") else super().forward(x)


@pytest.mark.fault("plug-ins")
@pytest.mark.parametrize("network", [_Signed, _Grown])
def test_a_model_that_its_weights_do_not_hold_is_refused_before_it_is_judged(images, network):
    with pytest.raises(NotKept, match="what training changes must be a parameter or a buffer that is stored"):
        _train(images, build=lambda: network(SHAPE, 2))


def test_the_untrained_model_shares_the_initialisation_only(images):
    trained = _train(images)
    again = _train(images).untrained()
    assert all(torch.equal(a, b) for a, b in zip(trained.untrained().parameters(), again.parameters(), strict=True))
    assert not torch.equal(next(trained.model.parameters()), next(again.parameters()))


def test_write_and_read_give_the_same_outputs(images, tmp_path):
    trained = _train(images)
    write(tmp_path, trained)
    again = read(tmp_path, lambda: PooledCNN(SHAPE, 2, width=2, blocks=1), 0, SHAPE)
    assert torch.equal(again.model(images.test.images), trained.model(images.test.images))
    assert again.record == trained.record


def test_a_diverged_run_says_where(images):
    with pytest.raises(Diverged, match="step"):
        _train(
            images._replace(
                train=_batch(64, 0)
                .take(torch.arange(64))
                .__class__(torch.full((64, 1, *SHAPE), float("nan")), torch.arange(64) % 2, torch.arange(64))
            )
        )


def test_mixed_precision_is_of_training_alone(images):
    """Products are rounded to bfloat16 while it learns; the weights, and what they make of images, are not."""
    seen = []

    class Watched(Linear):
        def forward(self, x):
            outputs = super().forward(x)
            seen.append((self.training, outputs.dtype))
            return outputs

    full, mixed = (_train(images, build=lambda: Watched(SHAPE, 2), mixed_precision=on) for on in (False, True))
    assert full.record["weights"] != mixed.record["weights"] and mixed.record["passed"]
    assert {value.dtype for value in mixed.model.parameters()} == {torch.float32}
    dtypes = {(True, torch.float32), (False, torch.float32), (True, torch.bfloat16)}
    assert set(seen) == dtypes


@pytest.mark.parametrize("over", [{"epochs": 0}, {"batch": -1}, {"learning_rate": 0}])
def test_impossible_training_is_refused(images, over):
    with pytest.raises(BadInput, match=f"train.{next(iter(over))}"):
        _train(images, **over)


def test_gate_judges_by_the_lower_bound_and_by_the_off_test():
    rng = np.random.default_rng(0)
    targets = torch.arange(1000) % 2
    signal = rng.standard_normal(1000) + 2.5 * targets.numpy()
    noise = rng.standard_normal(1000)
    assert gate(signal, targets, noise, 0.95)["passed"]
    assert "competence" in gate(noise, targets, noise, 0.95)["reason"]
    assert "pathology off" in gate(signal, targets, signal, 0.95)["reason"]


def test_a_grid_the_strides_do_not_divide_is_refused():
    with pytest.raises(BadInput, match="divisible by 4"):
        PooledCNN((6, 8, 8), 2)
