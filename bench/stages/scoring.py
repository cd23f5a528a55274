"""Scores of one method of one model by one metric, as tidy rows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from bench.columns.metric_names import MetricName
from bench.contracts import Cohort, Metric, Status, Truth, Undefined, Unsupported, View
from bench.passes.scores import finite
from bench.stages.explained import Explained, ExplainedModel, first
from bench.stages.returned import checked_scores
from bench.stages.views import look

#: (view, truth) of rows, either may be ""
Case = tuple[str, str]
Columns = Mapping[str, Tensor]


def measure(
    name: str,
    metric: Any,
    explained: Explained,
    shared: ExplainedModel,
    truths: Mapping[str, Truth],
    views: Sequence[View],
) -> pd.DataFrame:
    """Rows of subject, stratum, view, metric, truth, value, status and reason.

    NaN is `undefined`; what the metric raises as Unsupported or Undefined marks its rows; other errors are raised.
    """
    count = _count(metric, len(shared.cohort))
    frames = []
    for case, values in _cases(metric, explained, shared, truths, views, count):
        columns, status, reason = _guarded(metric, explained, values, count)
        why = reason or metric.tags.missing
        frames.append(rows(name, case, columns, shared.cohort, shared.strata, count, status, why))
    return pd.concat(frames, ignore_index=True)


def _count(metric: Metric, subjects: int) -> int:
    return min(metric.subjects or subjects, subjects)


def _guarded(
    metric: Metric, explained: Explained, values: Callable[[], Columns], count: int
) -> tuple[Columns, Status, str]:
    quantity = explained.method.tags.quantity
    if quantity not in metric.tags.quantities:
        known = " and ".join(sorted(metric.tags.quantities))
        return {"": torch.empty(0)}, Status.unsupported, f"defined for {known}, this map is a {quantity}"
    shapes = [(count,)] if metric.tags.kind in ("map", "model") else [(count,), ()]
    try:
        return checked_scores(values(), shapes, explained.attribution.map.device), Status.ok, ""
    except Unsupported as error:
        return {"": torch.empty(0)}, Status.unsupported, str(error)
    except Undefined as error:
        return {"": torch.empty(0)}, Status.undefined, str(error)


def _cases(
    metric: Any,
    explained: Explained,
    shared: ExplainedModel,
    truths: Mapping[str, Truth],
    views: Sequence[View],
    count: int,
) -> list[tuple[Case, Callable[[], Columns]]]:
    """The questions to a metric, by view and truth."""
    some = list(range(count))
    context = replace(shared.context.take(some), quantity=explained.method.tags.quantity)
    cohort = shared.cohort.take(torch.arange(count))
    attribution = first(explained.attribution, count)

    def model() -> Columns:
        quantities = {explained.name: explained.method.tags.quantity}
        scores = metric.model({explained.name: attribution}, quantities, shared.outputs, context)
        if not isinstance(scores, Mapping) or explained.name not in scores:
            raise ValueError(f"the metric gave no scores by the name of the method, '{explained.name}'")
        return {"": scores[explained.name]}

    def explainer() -> Columns:
        finite(shared.scores[:count])
        scores = metric.explainer(explained.again, shared.model, cohort, context)
        return scores if isinstance(scores, Mapping) else {"": scores}

    def sees(truth: str) -> Truth | None:
        if why := shared.validity.reason(metric.tags, truth):
            raise Undefined(why)
        if truth and truth not in truths:
            raise Undefined(f"the simulator has no truth '{truth}' and does not say why")
        return truths[truth].take(torch.arange(count)) if truth else None

    def on_map(view: View, truth: str) -> Callable[[], Columns]:
        # absolute values are taken of what a region metric sums up, not of what it sums
        method_view = view.of(explained.blur)
        seen = replace(method_view, sign="signed") if metric.tags.regional and view.sign == "abs" else method_view
        return lambda: {"": metric.map(look(attribution.map, seen, shared.cohort.affine), sees(truth), context)}

    def on_group(truth: str) -> Callable[[], Columns]:
        return lambda: metric.group(attribution.map, sees(truth), shared.strata[:count], cohort, context)

    if metric.tags.kind == "map":
        return [((v.name, t), on_map(v, t)) for v in views for t in sorted(metric.tags.truths) or [""]]
    if metric.tags.kind == "group":
        return [(("", t), on_group(t)) for t in sorted(metric.tags.truths) or [""]]
    return [(("", ""), {"model": model, "explainer": explainer}[metric.tags.kind])]


def rows(
    name: str,
    case: Case,
    columns: Columns,
    cohort: Cohort,
    strata: Sequence[str],
    count: int,
    status: Status,
    reason: str,
) -> pd.DataFrame:
    """Tidy rows of named columns of values (count,); columns without values have NaN and the status given.

    A column () is one value of the model: its one row belongs to no subject, which is numbered -1.
    """
    frames = []
    for column, tensor in columns.items():
        given = np.atleast_1d(tensor.detach().double().numpy())
        values = given if given.size else np.full(count, np.nan)
        subjects, stratum = (cohort.subjects[:count].tolist(), list(strata[:count])) if tensor.dim() else ([-1], [""])
        missing = ~np.isfinite(values)
        why = status if status is not Status.ok else Status.undefined
        frames.append(
            pd.DataFrame(
                {
                    "subject": subjects,
                    "stratum": stratum,
                    "view": case[0],
                    "metric": str(MetricName(name, column)),
                    "truth": case[1],
                    "value": np.where(missing, np.nan, values),
                    "status": np.where(missing, why.value, Status.ok.value),
                    "reason": np.where(missing, reason or "the metric has no value for this subject", ""),
                }
            )
        )
    return pd.concat(frames, ignore_index=True)
