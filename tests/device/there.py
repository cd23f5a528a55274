"""What the tests of this folder run here and there: plug-ins of conf/, and values that must be the same to the bit."""

import importlib
from pathlib import Path

import torch
from omegaconf import OmegaConf
from standin import DEVICE, Device

from bench.devices.moving import HOME, moved

CONF = Path(__file__).parents[2] / "conf"


def plugin(group, name):
    """The plug-in of a file, children first."""
    return _built(node(group, name))


def names(group):
    return sorted(path.stem for path in (CONF / group).glob("*.yaml"))


def node(group, name):
    return OmegaConf.to_container(OmegaConf.load(CONF / group / f"{name}.yaml"))


def _built(value):
    if not isinstance(value, dict):
        return value
    arguments = {key: _built(part) for key, part in value.items() if key != "_target_"}
    module, name = value["_target_"].rsplit(".", 1)
    return getattr(importlib.import_module(module), name)(**arguments)


def ran_there(work):
    """What `work(DEVICE)` gives on the stand-in, in main memory, and where its tensors lay."""
    with Device():
        result = work(DEVICE)
        places = {value.device for value in tensors(result)}
        return moved(result, HOME), places


def tensors(value):
    if isinstance(value, torch.Tensor):
        return [value]
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, tuple | list) else ()
    return [tensor for part in parts for tensor in tensors(part)]


def assert_same(one, other):
    """Bit for bit, NaN included."""
    assert len(tensors(one)) == len(tensors(other)) > 0
    for a, b in zip(tensors(one), tensors(other), strict=True):
        assert a.dtype == b.dtype and torch.equal(a.nan_to_num(7.25), b.nan_to_num(7.25))
