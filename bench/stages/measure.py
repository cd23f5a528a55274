"""Stage measure: the scores of one method of one model by one metric, as tidy rows."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from bench.contracts import Attribution, Cohort, Context, Method, Metric, Status, Truth, Undefined, Unsupported, View
from bench.contracts.plugins import Perturbation
from bench.contracts.validity import Validity
from bench.passes.forward import forward
from bench.passes.scores import explained, finite
from bench.stages.views import look

#: draws a region of the simulator's redraws that perturbation families may choose from
REDRAWS = 4
#: bytes of perturbations kept, so that methods share them; what does not fit is drawn again, the same at every draw
MEMORY = 384 * 2**20
#: (view, truth) of rows, either may be ""
Case = tuple[str, str]
Columns = Mapping[str, Tensor]


@dataclass
class Scene:
    """A model and its explained subjects; the model meets a perturbation once for all methods, whatever memory holds.

    validity: what the simulator says it cannot offer. sides: (N,) int64, 1 on the patients' side, 0 on the controls',
    -1 on neither; the targets where not given. centre: the explained score between the sides.
    """

    model: nn.Module
    cohort: Cohort
    context: Context
    validity: Validity = field(default_factory=Validity)
    sides: Tensor | None = None
    centre: float = 0.0
    _drawn: dict[Hashable, Tensor] = field(default_factory=dict)
    _changes: dict[Hashable, Tensor] = field(default_factory=dict)

    @cached_property
    def scores(self) -> Tensor:
        """The explained score (N,) of the unperturbed images."""
        return explained(forward(self.model, self.cohort.images), self.context.target)

    @cached_property
    def strata(self) -> list[str]:
        """TP, TN, FP or FN of each subject, "" of one on neither side; a score above the centre predicts a patient."""
        sides = self.cohort.targets if self.sides is None else self.sides
        said = (self.scores > self.centre).long()
        names = {(1, 1): "TP", (0, 0): "TN", (1, 0): "FP", (0, 1): "FN"}
        return [names.get(pair, "") for pair in zip(said.tolist(), sides.tolist(), strict=True)]

    def outputs(self, perturbation: Perturbation, row: int) -> tuple[Tensor, Tensor]:
        """Perturbations I (K, 1, D, H, W) of a subject and the changes f(x) - f(x - I) (K,).

        A family that is not hashable is of one map alone: nothing of it is kept.
        """
        if not isinstance(perturbation, Hashable):
            drawn = self._draw(perturbation, row)
            return drawn, self._change(drawn, row)
        key = (perturbation, row)
        if key not in self._drawn:
            self._drawn[key] = self._draw(perturbation, row)
        drawn = self._drawn[key]
        if key not in self._changes:
            self._changes[key] = self._change(drawn, row)
        self._shrink()
        return drawn, self._changes[key]

    def _draw(self, perturbation: Perturbation, row: int) -> Tensor:
        return perturbation.draw(self.cohort.images, self.context, row)

    def _change(self, drawn: Tensor, row: int) -> Tensor:
        moved = finite(explained(forward(self.model, self.cohort.images[row] - drawn), self.context.target))
        return finite(self.scores[[row]]) - moved

    def _shrink(self) -> None:
        """Forget the oldest perturbations until the others fit; what the model made of them is small and stays."""
        held = sum(drawn.nbytes for drawn in self._drawn.values())
        while held > MEMORY:
            held -= self._drawn.pop(next(iter(self._drawn))).nbytes


@dataclass(frozen=True)
class Explained:
    """A method with its maps of the scene's subjects and the context it drew them in."""

    name: str
    method: Method
    attribution: Attribution
    context: Context

    def again(self, model: nn.Module, inputs: Tensor, context: Context) -> Tensor:
        """Maps of other images or another model; the method keeps its own noise and sees its own truths only."""
        place = {subject: row for row, subject in enumerate(self.context.subjects)}
        own = self.context.take([place[s] for s in context.subjects])
        target = self.context.target
        return Attribution.of(self.method(model, inputs, target, replace(own, _memo={}))).map


def measure(
    name: str,
    metric: Any,
    explained: Explained,
    scene: Scene,
    truths: Mapping[str, Truth],
    views: Sequence[View],
) -> pd.DataFrame:
    """Rows of subject, stratum, view, metric, truth, value, status and reason.

    NaN is `undefined`; what the metric raises as Unsupported or Undefined marks its rows; other errors are raised.
    """
    count = _count(metric, len(scene.cohort))
    frames = []
    for case, values in _cases(metric, explained, scene, truths, views, count):
        columns, status, reason = _guarded(metric, explained, values)
        frames.append(rows(name, case, columns, scene.cohort, scene.strata, count, status, reason))
    return pd.concat(frames, ignore_index=True)


def first(attribution: Attribution, count: int) -> Attribution:
    """The attribution of the first subjects."""
    present = {name: part[:count] for name, part in attribution._asdict().items() if part is not None}
    return Attribution(**present)


def _count(metric: Metric, subjects: int) -> int:
    return min(metric.subjects or subjects, subjects)


def _guarded(metric: Metric, explained: Explained, values: Callable[[], Columns]) -> tuple[Columns, Status, str]:
    quantity = explained.method.tags.quantity
    if quantity not in metric.tags.quantities:
        known = " and ".join(sorted(metric.tags.quantities))
        return {"": torch.empty(0)}, Status.unsupported, f"defined for {known}, this map is a {quantity}"
    try:
        return values(), Status.ok, ""
    except Unsupported as error:
        return {"": torch.empty(0)}, Status.unsupported, str(error)
    except Undefined as error:
        return {"": torch.empty(0)}, Status.undefined, str(error)


def _cases(
    metric: Any, explained: Explained, scene: Scene, truths: Mapping[str, Truth], views: Sequence[View], count: int
) -> list[tuple[Case, Callable[[], Columns]]]:
    """What the metric is asked for, by view and truth."""
    some = list(range(count))
    context, cohort = scene.context.take(some), scene.cohort.take(torch.arange(count))
    attribution = first(explained.attribution, count)

    def model() -> Columns:
        quantities = {explained.name: explained.method.tags.quantity}
        return {"": metric.model({explained.name: attribution}, quantities, scene.outputs, context)[explained.name]}

    def explainer() -> Columns:
        finite(scene.scores[:count])
        found = metric.explainer(explained.again, scene.model, cohort, context)
        return found if isinstance(found, Mapping) else {"": found}

    def sees(truth: str) -> Truth | None:
        if why := scene.validity.reason(metric.tags, truth):
            raise Undefined(why)
        if truth and truth not in truths:
            raise Undefined(f"the simulator has no truth '{truth}' and does not say why")
        return truths[truth].take(torch.arange(count)) if truth else None

    def on_map(view: View, truth: str) -> Callable[[], Columns]:
        return lambda: {"": metric.map(look(attribution.map, view, scene.cohort.affine), sees(truth), context)}

    def on_group(truth: str) -> Callable[[], Columns]:
        return lambda: metric.group(attribution.map, sees(truth), scene.strata[:count], cohort, context)

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
        found = np.atleast_1d(tensor.detach().double().numpy())
        values = found if found.size else np.full(count, np.nan)
        subjects, own = (cohort.subjects[:count].numpy(), list(strata[:count])) if tensor.dim() else ([-1], [""])
        missing = ~np.isfinite(values)
        given = status if status is not Status.ok else Status.undefined
        frames.append(
            pd.DataFrame(
                {
                    "subject": subjects,
                    "stratum": own,
                    "view": case[0],
                    "metric": f"{name}.{column}" if column else name,
                    "truth": case[1],
                    "value": np.where(missing, np.nan, values),
                    "status": np.where(missing, given.value, Status.ok.value),
                    "reason": np.where(missing, reason or "the metric has no value for this subject", ""),
                }
            )
        )
    return pd.concat(frames, ignore_index=True)
