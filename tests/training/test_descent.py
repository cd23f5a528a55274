"""Gradient descent: equal to a naive loop, stopped, cut and covered as asked."""

import numpy as np
import pytest
import torch
from test_train import CONFIG, SHAPE, _batch, _train

from bench.contracts import BadInput, Undefined
from bench.networks.cnn import PooledCNN
from bench.networks.linear import Linear
from bench.passes.discrimination import auc
from bench.seeds import seed
from bench.training.alter import cover, permute
from bench.training.descent import Diverged
from bench.training.images import Images
from bench.training.training import Seeds, train


@pytest.fixture(scope="module")
def images():
    return Images(_batch(64, 0), _batch(32, 1), _batch(400, 2), _batch(400, 2, on=0.0))


def _state(trained):
    return {name: value.clone() for name, value in trained.model.state_dict().items()}


def _same(first, second):
    return all(torch.equal(first[name], second[name]) for name in first)


def _naive(images, epochs, data=0, model=0):
    """The loop written out, all epochs, last weights."""
    torch.manual_seed(seed(draw="initialisation", model=model))
    made = PooledCNN(SHAPE, 2, width=2, blocks=1).to(memory_format=torch.channels_last_3d)
    optimiser = torch.optim.AdamW(made.parameters(), CONFIG["learning_rate"], weight_decay=0.0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, CONFIG["learning_rate"], CONFIG["epochs"] * 8)
    order = np.random.default_rng(seed(draw="order", data=data, model=model))
    for _ in range(epochs):
        for rows in torch.from_numpy(order.permutation(64)).split(8):
            optimiser.zero_grad()
            x = images.train.images[rows].contiguous(memory_format=torch.channels_last_3d)
            torch.nn.functional.cross_entropy(made(x), images.train.targets[rows]).backward()
            optimiser.step()
            schedule.step()
    return made.state_dict()


def test_descent_is_the_loop_written_out(images):
    with torch.random.fork_rng():
        expected = _naive(images, 2)
    assert _same(_state(_train(images, checkpoint="epoch-2")), expected)


def test_a_checkpoint_is_a_point_of_the_same_training(images):
    """The rungs of a ladder are cut out of one trajectory: their curves agree as far as they go."""
    whole = _train(images).record["curve"]
    for epochs in (1, 3):
        assert _train(images, checkpoint=f"epoch-{epochs}").record["curve"] == whole[:epochs]
    part = _train(images, checkpoint="epoch-0.5").record["curve"]
    assert len(part) == 1 and part[0] != whole[0]


def test_a_checkpoint_at_an_auc_is_the_first_to_reach_it(images):
    faint = images._replace(train=_batch(400, 0, on=0.2), validation=_batch(200, 1, on=0.2))
    reached = []
    for asked in (0.6, 0.85):
        model = _train(faint, build=lambda: Linear(SHAPE, 2), checkpoint=f"auc-{asked}").model
        with torch.no_grad():
            outputs = model(faint.validation.images)
        reached.append(auc((outputs[:, 1] - outputs[:, 0]).numpy(), faint.validation.targets.numpy()).value)
        assert reached[-1] >= asked
    assert reached[0] < 0.85


def test_a_checkpoint_that_is_never_reached_says_how_far_training_came(images):
    nothing = images._replace(train=_batch(64, 0, on=0.0), validation=_batch(64, 5, on=0.0))
    with pytest.raises(Undefined, match=r"auc-0\.99 was not reached in 6 epochs: the validation AUC came to 0\.\d\d"):
        _train(nothing, checkpoint="auc-0.99")


def test_training_stops_early_and_keeps_the_best(images):
    wrong = images._replace(validation=_batch(32, 1, on=-1.0))
    found = _train(wrong, build=lambda: Linear(SHAPE, 2), patience=2)
    losses = [row["validation_loss"] for row in found.record["curve"]]
    best = losses.index(min(losses))
    assert len(losses) == best + 3 < 6
    with torch.no_grad():
        loss = torch.nn.functional.cross_entropy(found.model(wrong.validation.images), wrong.validation.targets)
    assert loss.item() == pytest.approx(losses[best], abs=1e-5)


def test_warm_up_is_the_share_of_steps_before_the_highest_rate(images):
    assert not _same(_state(_train(images, warmup=0.1)), _state(_train(images)))
    assert _same(_state(_train(images, warmup=0.3)), _state(_train(images)))


class Explodes(torch.nn.Module):
    """Grows beyond float32 at a large step, either way."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.tensor(0.01))

    def forward(self, x):
        score = x.flatten(1).mean(1) * (1e3 * self.weight.square()).exp()
        return torch.stack([-score, score], 1)


def test_a_learning_rate_that_diverges_names_the_step(images):
    with pytest.raises(Diverged, match=r"diverged at step \d+: the loss is (nan|inf); lower train.learning_rate"):
        _train(images, build=Explodes, learning_rate=9.9, warmup=0.01)


def test_a_model_that_breaks_on_validation_alone_has_diverged_too(images):
    broken = images._replace(validation=_batch(32, 1))
    broken.validation.images[3] = float("nan")
    with pytest.raises(Diverged, match="step 8"):
        _train(broken)


def test_covered_images_hold_one_box_each():
    images = torch.rand(200, 1, 8, 10, 6, generator=torch.Generator().manual_seed(0))
    found = cover(images, 0.5, "zero", torch.Generator().manual_seed(1))
    changed = (found != images).flatten(1).any(1)
    assert 70 < changed.sum() < 130
    assert (found[found != images] == 0).all()
    for image in found[changed][:, 0]:
        places = (image == 0).nonzero()
        sides = places.amax(0) - places.amin(0) + 1
        assert sides.prod() == len(places) and (sides >= 2).all() and (sides <= torch.tensor([4, 5, 3])).all()


@pytest.mark.parametrize("by", ["mean", "noise"])
def test_covers_have_the_mean_of_the_image(by):
    images = 5 + torch.rand(1, 1, 40, 40, 40)
    found = cover(images, 1.0, by, torch.Generator().manual_seed(0))
    inside = found[found != images]
    assert inside.mean().item() == pytest.approx(5.5, abs=0.05)
    assert inside.std().item() == pytest.approx(0.0 if by == "mean" else images.std().item(), abs=0.03)


def test_training_on_covered_images_leaves_order_and_start_alone(images):
    plain, covered = _train(images), _train(images, perturbed=0.5)
    assert plain.record["weights"] != covered.record["weights"]
    assert _train(images, perturbed=0.5).record["weights"] == covered.record["weights"]


def test_permuted_labels_are_learnt_by_heart_and_never_ranked(images):
    build = lambda: Linear(SHAPE, 2)  # noqa: E731
    record = _train(images, build=build, permuted=True, epochs=60, learning_rate=0.3).record
    assert record["curve"][-1]["train_loss"] < 0.3 * record["curve"][0]["train_loss"]
    assert not record["passed"] and record["reason"].startswith("trained on permuted labels")
    assert record["auc"] < 0.9 < _train(images, build=build).record["auc"]


def test_permuted_labels_are_the_same_labels():
    images = Images(*[_batch(64, 0)] * 4)
    found = permute(images, torch.Generator().manual_seed(0))
    assert torch.equal(found.train.targets.bincount(), images.train.targets.bincount())
    assert not torch.equal(found.train.targets, images.train.targets)
    assert torch.equal(found.train.images, images.train.images)
    assert torch.equal(found.validation.targets, found.train.targets)


def test_a_class_without_subjects_is_refused(images):
    with pytest.raises(BadInput, match=r"the test subjects hold 0 of class 2 of 3.*train\.test"):
        full = [_batch(30, 0).__class__(b.images, torch.arange(30) % 3, b.subjects) for b in [_batch(30, 0)] * 2]
        train(Images(*full, _batch(40, 1), _batch(40, 1)), lambda: Linear(SHAPE, 3), CONFIG, Seeds(0, 0, 0), {})
