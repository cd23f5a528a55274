"""The complete example in the README is a metric that conforms, and every blind spot that a metric names is shown."""

import ast
from pathlib import Path

import pytest
from fences import blocks, executed

from bench.checks import metrics as checks
from bench.verify import catalogue


def test_the_example_conforms(monkeypatch):
    source, shows = blocks("metrics/README.md", "python")
    module = executed(source, monkeypatch)
    for check in checks.applicable(module.Hoyer()):
        check(module.Hoyer())
    (spot,) = module.Hoyer.blind_spots
    shown = executed(shows, monkeypatch, "readme_test", **vars(module))
    getattr(shown, spot.shown_by.partition("::")[2])(lambda name: {"hoyer": module.Hoyer()}[name])


@pytest.mark.parametrize(("name", "metric"), list(catalogue.shipped("metric")))
def test_every_metric_names_a_blind_spot_and_a_test_that_builds_it_to_show_it(name, metric):
    assert metric.question.endswith("?") and metric.blind_spots
    for spot in metric.blind_spots:
        file, _, test = spot.shown_by.partition("::")
        assert name in _built(Path(__file__).parent / file, test), spot


def _built(file, test):
    """Names that a test writes down, in its body or its parameters, if it builds metrics from their YAML by name."""
    tree = ast.parse(file.read_text())
    (found,) = (node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == test)
    named = {node.value for node in ast.walk(found) if isinstance(node, ast.Constant)}
    return named if "shipped" in [argument.arg for argument in found.args.args] else set()
