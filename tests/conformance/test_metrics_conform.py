"""Every metric of `conf/metric` passes the checks its tags call for, and every check catches its wrong metric."""

import importlib
import inspect
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from broken_metrics import BROKEN, FitsCubesOnly
from omegaconf import OmegaConf

from bench.checks import metrics as checks
from bench.checks.metric_probe import CUBE, probe
from metrics.overlap import RocAuc

FOLDER = Path(__file__).parents[2] / "conf" / "metric"
FILES = sorted(FOLDER.glob("*.yaml"))
#: metrics whose values take so long that they are asked in the full matrix only, beside tests of their own
DEAR = ("earth_movers",)


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
        pytest.param(metric, check, id=f"{name}-{check.__name__}", marks=[pytest.mark.full] if name in DEAR else [])
        for name, metric in metrics.items()
        for check in checks.applicable(metric)
    ]


@pytest.mark.parametrize(("metric", "check"), cases())
def test_conforms(metric, check):
    check(metric)


@pytest.mark.parametrize("metric", [pytest.param(built(loaded(path)), id=path.stem) for path in FILES])
def test_only_an_unscaled_infidelity_and_a_skill_mind_the_unit_of_a_map(metric):
    minds = getattr(metric, "scaling", "fitted") == "none" or metric.tags.quantities == {"change"}
    with pytest.raises(AssertionError, match="scale of the map") if minds else nullcontext():
        checks.scale_is_free(metric)


@pytest.mark.parametrize("path", [path for path in FILES if path.stem.startswith(("infidelity", "rank_"))])
def test_only_edits_that_leave_the_domain_ask_what_the_map_says_there(path):
    beyond = "redraw" in path.stem
    with pytest.raises(AssertionError, match="outside the domain") if beyond else nullcontext():
        checks.domain_is_respected(built(loaded(path)))


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


WRONG = [pytest.param(metric, check, id=type(metric).__name__) for check, some in BROKEN.items() for metric in some]


def failed(metric):
    found = []
    for check in checks.applicable(metric):
        try:
            check(metric)
        except Exception:
            found.append(check)
    return found


@pytest.mark.parametrize(("metric", "check"), WRONG)
def test_each_check_catches_its_wrong_metrics_and_no_other_does(metric, check):
    assert failed(metric) == [check]


def test_every_check_has_a_wrong_metric():
    assert set(BROKEN) == {
        check for metric, _ in (case.values for case in WRONG) for check in checks.applicable(metric)
    }


def test_an_index_that_fits_cubes_only_is_caught():
    cube = probe(grid=CUBE)
    truth = cube.cohort.truths["planted"]
    assert torch.equal(*(metric.map(cube.maps, truth, cube.context) for metric in (FitsCubesOnly(), RocAuc())))
    assert checks.oracle_leads in failed(FitsCubesOnly())


def test_a_law_that_nobody_tests_cannot_be_claimed():
    class Claims(RocAuc):
        tags = replace(RocAuc.tags, laws=frozenset({"unheard of"}))

    with pytest.raises(ValueError, match="unheard of"):
        checks.applicable(Claims())
