"""Benchmarks that nobody runs in `make test` still begin: whatever they take from the project is there."""

import runpy
from pathlib import Path

import pytest

SCRIPTS = sorted((Path(__file__).parent / "benchmarks").glob("*.py"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_benchmark_begins(script):
    assert "python tests/benchmarks/" in runpy.run_path(str(script), run_name="imported")["__doc__"]
