"""Metrics without a context, as a script calls them: values, or a word on what is not there."""

from dataclasses import fields
from pathlib import Path

import pytest
from hydra.utils import instantiate
from omegaconf import OmegaConf

from bench.checks import metric_values
from bench.checks.metric_probe import MetricProbe, probe
from bench.contracts import BadInput, Context, Undefined, Unsupported

CONF = Path(__file__).parents[2] / "conf"
METRICS = {path.stem: instantiate(OmegaConf.load(path)) for path in sorted((CONF / "metric").glob("*.yaml"))}


class Alone(MetricProbe):
    """The world of metrics with nothing told of it."""

    context = Context()


@pytest.mark.parametrize("name", [n for n, metric in METRICS.items() if metric.tags.kind in ("model", "explainer")])
def test_a_metric_alone_has_values_or_says_what_it_lacks(name):
    world = Alone(**{field.name: getattr(probe(), field.name) for field in fields(MetricProbe)})
    try:
        found = metric_values.values(METRICS[name], world)
    except (BadInput, Undefined, Unsupported):
        return
    assert any(values.isfinite().any() for values in found.values())
