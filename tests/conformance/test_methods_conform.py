"""Every method of `conf/method` passes the checks it calls for, and every check catches its wrong method."""

import importlib
import inspect
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from broken_methods import BROKEN, Right
from omegaconf import OmegaConf

from bench.checks import method_laws
from bench.checks import methods as checks
from bench.checks.method_probe import probes
from bench.contracts import BadInput

torch.set_num_threads(1)
FILES = sorted((Path(__file__).parents[2] / "conf" / "method").glob("*.yaml"))
PROBES = probes()
#: fewer passes than the YAML asks for, of methods that keep what they promise with any number of them; as they are
#: configured they run in the full matrix
CHEAP = {
    "extremal_perturbation": {"steps": 6},
    "expected_gradients": {"samples": 16},
    "rise": {"masks": 64},
    "optimised_mask": {"steps": 6},
    "redraw_occlusion": {"draws": 2},
    "occlusion": {"window": 6, "stride": 4},
    "deep_shap": {"references": 3},
}
ALL_CHECKS = [name for module in (checks, method_laws) for name in vars(module) if name.startswith("check_")]


def loaded(path):
    return OmegaConf.to_container(OmegaConf.load(path))


def resolved(node):
    module, name = node["_target_"].rsplit(".", 1)
    return getattr(importlib.import_module(module), name)


def built(path, **instead):
    node = loaded(path) | instead
    return resolved(node)(**{key: value for key, value in node.items() if key != "_target_"})


def _asked_on(check, method):
    """(probe, marks): a law may break on one network and hold on another; a promise is one of the method, asked on each
    in the full matrix.
    """
    law = check.__module__ == method_laws.__name__
    first, *others = probes(method)
    return [(first, []), *((probe, [] if law else [pytest.mark.full]) for probe in others)]


def cases():
    methods = [(path.stem, built(path), [pytest.mark.full] if path.stem in CHEAP else []) for path in FILES]
    methods += [(f"{path.stem}-cheap", built(path, **CHEAP[path.stem]), []) for path in FILES if path.stem in CHEAP]
    return [
        pytest.param(method, check, probe, id=f"{name}-{check.__name__}-{probe.name}", marks=[*marks, *more])
        for name, method, marks in methods
        for check in checks.applicable(method)
        for probe, more in _asked_on(check, method)
    ]


@pytest.mark.parametrize(("method", "check", "probe"), cases())
def test_method_passes(method, check, probe):
    check(method, probe)


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_yaml_is_complete(path):
    node = loaded(path)
    assert path.read_text().splitlines()[0] == f"# @package method.{path.stem}"
    assert set(node) - {"_target_"} == set(inspect.signature(resolved(node)).parameters)
    for attribute in ("version", "reference", "summary"):
        assert getattr(built(path), attribute)


@pytest.mark.parametrize("name", ALL_CHECKS)
def test_check_has_its_wrong_method(name):
    assert name in {check.__name__ for check in BROKEN.values()}


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: type(broken).__name__)
def test_wrong_method_fails_its_check_and_no_other(broken):
    failing = {check.__name__ for check in checks.applicable(broken) if fails(check, broken)}
    assert failing == {BROKEN[broken].__name__}


def test_an_unknown_law_is_refused():
    with pytest.raises(BadInput, match="there are no laws"):
        checks.applicable(WithLaw())


class WithLaw(Right):
    tags = replace(Right.tags, laws=frozenset({"beauty"}))


def fails(check, method):
    try:
        check(method, PROBES[0])
    except AssertionError:
        return True
    return False
