"""Benchmarks that nobody runs in `make test` still begin: whatever they take from the project is there."""

import runpy
from pathlib import Path

import pytest

SCRIPTS = sorted((Path(__file__).parent / "benchmarks").glob("*.py"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_benchmark_begins(script, monkeypatch):
    # as Python does for a script, which may import the one beside it
    monkeypatch.syspath_prepend(script.parent)
    assert "python tests/benchmarks/" in runpy.run_path(str(script), run_name="imported")["__doc__"]


def test_benchmarks_of_networks_find_every_one_that_learns_by_descent():
    networks = runpy.run_path(str(SCRIPTS[0].with_name("training_speed.py")), run_name="imported")["networks"]
    assert {"gmp_cnn", "resnet10", "vit"} <= {name for name, _ in networks()}
