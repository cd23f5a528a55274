"""Values that a metric of any kind gives on the probe, and their comparison."""

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from bench.checks.metric_probe import MetricProbe, gradient_input, probe_network
from bench.contracts import Explain, Truth

#: bounds and equalities are met up to this; metrics return float32
TOLERANCE = 1e-5
#: units of maps and truths in which nothing may change: squares of the outer two leave the range of single precision
SCALES = (1e-30, 3.0, 1e30)


def values(
    metric: Any, world: MetricProbe, model: nn.Module | None = None, explain: Explain = gradient_input
) -> dict[str, Tensor]:
    """All columns of a metric of any kind on the probe; map metrics give one per truth, model metrics one per method.

    model, explain: what an `explainer` metric is given, by default a small network and gradient x input.
    """
    if metric.tags.kind == "group":
        return _group(metric, world)
    if metric.tags.kind == "map":
        if not metric.tags.truths:
            return {"": metric.map(world.maps, None, world.context)}
        return {t.name: metric.map(world.maps, t, world.context) for t in truths(metric, world)}
    if metric.tags.kind == "model":
        return dict(metric.model(*world.attributions(metric, {"noise": world.maps}), world.outputs, world.context))
    if metric.tags.kind == "compare":
        return dict(metric.compare(world.models, world.context))
    result = metric.explainer(explain, model or probe_network(world.grid), world.cohort, world.context)
    return {"": result} if isinstance(result, Tensor) else dict(result)


def _group(metric: Any, world: MetricProbe) -> dict[str, Tensor]:
    """Columns named `truth.column`, either left out where it is empty."""
    asked: list[Truth | None] = [*truths(metric, world)] or [None]
    columns: dict[str, Tensor] = {}
    for truth in asked:
        values = metric.group(world.maps, truth, world.strata, world.cohort, world.context)
        columns |= {
            ".".join(part for part in (truth.name if truth else "", name) if part): values[name] for name in values
        }
    return columns


def heads(metric: Any) -> set[str]:
    """Names that the headline of a metric with several columns goes by."""
    return {"", *metric.tags.truths}


def truths(metric: Any, world: MetricProbe) -> list[Truth]:
    """The truths of the world that the metric accepts; for one that accepts none of them, another under its name."""
    names = sorted(metric.tags.truths)
    known = [world.cohort.truths[name] for name in names if name in world.cohort.truths]
    return known or [replace(world.cohort.truths["planted"], name=name) for name in names[:1]]


def emptied(truth: Truth) -> Truth:
    """The truth with nothing in it for the first subject."""
    kept = {f: v.clone() for f in ("volume", "regions") if (v := getattr(truth, f)) is not None}
    for value in kept.values():
        value[0] = 0
    return replace(truth, **kept)


def better(metric: Any, a: Tensor, b: Tensor) -> Tensor:
    """The values of a that are better than b by the metric's direction."""
    return a > b if metric.tags.higher_is_better else a < b


def same(a: Tensor, b: Tensor, complaint: str) -> None:
    """Fail with the complaint unless a and b are equal to `TOLERANCE`, missing values in the same places."""
    assert torch.allclose(a, b, rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True), f"{complaint}: {a} against {b}"
