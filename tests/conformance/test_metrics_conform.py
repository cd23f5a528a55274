"""Every metric of `conf/metric` passes the checks its tags call for, and every check catches its wrong metric."""

import importlib
import inspect
import sys
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from bench.checks import metrics as checks

sys.path.insert(0, str(Path(__file__).parent))
from broken_metrics import BROKEN

FOLDER = Path(__file__).parents[2] / "conf" / "metric"
FILES = sorted(FOLDER.glob("*.yaml"))


def built(node):
    """An object from a plain node, children first."""
    if not isinstance(node, dict):
        return node
    arguments = {key: built(value) for key, value in node.items() if key != "_target_"}
    module, name = node["_target_"].rsplit(".", 1)
    return getattr(importlib.import_module(module), name)(**arguments)


def loaded(path):
    return OmegaConf.to_container(OmegaConf.load(path))


def cases():
    metrics = {path.stem: built(loaded(path)) for path in FILES}
    return [
        pytest.param(metric, check, id=f"{name}-{check.__name__}")
        for name, metric in metrics.items()
        for check in checks.applicable(metric)
    ]


@pytest.mark.parametrize(("metric", "check"), cases())
def test_conforms(metric, check):
    check(metric)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_yaml_names_its_package_and_every_parameter(path):
    assert path.read_text().startswith(f"# @package metric.{path.stem}\n")
    nodes = [loaded(path)]
    while nodes:
        node = nodes.pop()
        module, name = node["_target_"].rsplit(".", 1)
        parameters = inspect.signature(getattr(importlib.import_module(module), name)).parameters
        assert set(node) - {"_target_"} == set(parameters)
        nodes += [value for value in node.values() if isinstance(value, dict)]


@pytest.mark.parametrize("check", BROKEN, ids=lambda check: check.__name__)
def test_each_check_catches_its_wrong_metric_and_no_other_does(check):
    metric = BROKEN[check]
    applicable = checks.applicable(metric)
    assert check in applicable
    failed = []
    for one in applicable:
        try:
            one(metric)
        except AssertionError:
            failed.append(one)
    assert failed == [check]


def test_every_check_has_a_wrong_metric():
    assert set(BROKEN) == {check for metric in BROKEN.values() for check in checks.applicable(metric)}
