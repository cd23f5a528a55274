"""Settings of training: what is refused, and what of them a key holds."""

import pytest
import torch
from torch import nn

from bench.contracts import BadInput
from bench.networks.cnn import PooledCNN
from bench.training.recipe import Checkpoint, Recipe, key_settings
from bench.training.transfer import transfer

OLD = {
    "subjects": 1200,
    "validation": 200,
    "test": 1000,
    "epochs": 8,
    "batch": 8,
    "learning_rate": 3.0e-3,
    "weight_decay": 1.0e-2,
    "patience": 8,
}
IDLE = {
    "warmup": 0.3,
    "perturbed": 0.0,
    "cover": "zero",
    "permuted": False,
    "pretrain": None,
    "checkpoint": None,
    "mixed_precision": False,
}


def test_options_that_change_nothing_are_no_part_of_a_key():
    """Models stored before there were such options keep their keys."""
    assert key_settings(OLD) == key_settings({**OLD, **IDLE}) == OLD
    assert key_settings({**OLD, **IDLE, "cover": "noise"}) == OLD
    assert key_settings({**OLD, **IDLE, "pretrain": "focal"}) == OLD


@pytest.mark.parametrize(
    "used",
    [{"warmup": 0.1}, {"perturbed": 0.5}, {"permuted": True}, {"checkpoint": "auc-0.7"}, {"mixed_precision": True}],
    ids=str,
)
def test_options_that_are_used_are_part_of_it(used):
    assert key_settings({**OLD, **IDLE, **used}) == {**OLD, **used}


def test_the_shipped_settings_are_known_and_idle():
    from omegaconf import OmegaConf

    from bench.provenance import ROOT

    node = OmegaConf.to_container(OmegaConf.load(ROOT / "conf/train/default.yaml"))
    assert node == {**OLD, **IDLE}
    assert Recipe.of(node) == Recipe.of(OLD)


@pytest.mark.parametrize(
    "wrong",
    [
        {"epochs": 0},
        {"epochs": 2.5},
        {"epochs": True},
        {"batch": -1},
        {"patience": "many"},
        {"learning_rate": 0},
        {"learning_rate": 10},
        {"learning_rate": "fast"},
        {"learning_rate": float("nan")},
        {"weight_decay": -1},
        {"warmup": 0},
        {"warmup": 1},
        {"perturbed": 1.5},
        {"cover": "blanket"},
        {"permuted": "yes"},
        {"mixed_precision": "bf16"},
        {"pretrain": 3},
        {"checkpoint": "auc-0.4"},
        {"checkpoint": "auc-1"},
        {"checkpoint": "epoch-0"},
        {"checkpoint": "epoch-9"},
        {"checkpoint": "epoch-nan"},
        {"checkpoint": 0.8},
    ],
    ids=str,
)
def test_impossible_settings_are_refused_by_name(wrong):
    (name,) = wrong
    with pytest.raises(BadInput, match=rf"^train\.{name}=.*: give ") as told:
        Recipe.of({**OLD, **wrong})
    assert "\n" not in str(told.value)


def test_unknown_and_missing_settings_are_refused():
    with pytest.raises(BadInput, match=r"^train: there is no setting 'epoch'; did you mean 'epochs'"):
        Recipe.of({**OLD, "epoch": 3})
    with pytest.raises(BadInput, match=r"train\.batch is missing"):
        Recipe.of({k: v for k, v in OLD.items() if k != "batch"})


def test_checkpoints_are_read():
    assert Checkpoint.read("epoch-0.25", 8) == Checkpoint("epoch", 0.25)
    assert Checkpoint.read("auc-0.8", 8) == Checkpoint("auc", 0.8)


def _net(outputs=2, width=2, blocks=2, seed=0):
    torch.manual_seed(seed)
    return PooledCNN((4, 4, 4), outputs, width=width, blocks=blocks)


def test_all_weights_go_over_and_a_readout_of_other_outputs_is_new():
    with torch.random.fork_rng():
        there, same, three = _net(seed=1), _net(), _net(outputs=3)
    before = three.readout.weight.clone()
    assert transfer(same, there.state_dict()) == []
    assert transfer(three, there.state_dict()) == ["readout.weight", "readout.bias"]
    assert torch.equal(three.readout.weight, before)
    for name, value in there.state_dict().items():
        assert torch.equal(same.state_dict()[name], value)
        assert name.startswith("readout") or torch.equal(three.state_dict()[name], value)


@pytest.mark.parametrize("other", [{"width": 3}, {"blocks": 1}], ids=str)
def test_another_architecture_is_refused_and_leaves_the_model_alone(other):
    with torch.random.fork_rng():
        model, there = _net(), _net(**other, seed=1)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    with pytest.raises(BadInput, match=r"of another architecture: '[\w.]+' is .* here and .* there"):
        transfer(model, there.state_dict())
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())


def test_another_grid_is_refused_where_weights_depend_on_it():
    with pytest.raises(BadInput, match=r"'weight' is \(2, 8\) here and \(2, 27\) there"):
        transfer(nn.Linear(8, 2), nn.Linear(27, 2).state_dict())
