"""Stage measure: the scores of one method of one model by one metric."""

from collections.abc import Iterable
from typing import Any

import pandas as pd
import torch

from bench.contracts import View
from bench.contracts.validity import Validity
from bench.devices.moving import HOME, moved
from bench.passes.counting import Passes, count_passes
from bench.stages.attribute import ATTRIBUTE, every_map
from bench.stages.calibrate import CALIBRATE, calibrated
from bench.stages.cohort import COHORT
from bench.stages.context import answering_on, metric_context, spread_in_key
from bench.stages.explained import Explained, ExplainedModel
from bench.stages.images import IMAGES
from bench.stages.maps import map_context
from bench.stages.scoring import measure
from bench.stages.stage import Cell, Given, Graph, Stage
from bench.stages.train import TRAIN
from bench.stages.use import USE
from bench.study import Study, Unit

#: kinds of metrics that run the model
RUNNING = ("model", "explainer")


class _Measure(Stage[Any]):
    """Makes rows of scores of one method of one model."""

    name = "measure"
    version = "1"

    def cell(self, graph: Graph, unit: Unit, method: str, metric: str) -> Cell:
        """One per model, method and metric."""
        study, maps = graph.study, graph.cell(ATTRIBUTE, unit, method)
        tags = study.make("metrics", metric).tags
        uses = (graph.cell(USE, unit),) if "use" in tags.truths else ()
        content = {
            "metric": graph.describe("metrics", metric),
            "maps": maps.content["maps"],
            **({"views": [_in_key(view, study.blur(method)) for view in study.views]} if tags.kind == "map" else {}),
            "use": [use.key for use in uses],
            **(spread_in_key(study.make("methods", method)) if tags.regional else {}),
        }
        needs = (graph.cell(CALIBRATE, unit), graph.cell(COHORT, unit), graph.cell(TRAIN, unit), maps, *uses)
        source, folder = graph.source("metrics", metric), str(maps.content["maps"])
        return Cell(self, f"{unit.id}-{method}", content, unit, needs, source, method, metric, folder)

    def cells(self, graph: Graph, unit: Unit) -> Iterable[Cell]:
        """One per metric and method; metrics outermost, so that methods share their perturbations."""
        if unit.group or unit.permuted:
            return ()
        metrics = graph.study.metric_names(compare=False)
        return [graph.cell(self, unit, name, metric) for metric in metrics for name in graph.study.methods]

    def make(self, given: Given) -> tuple[pd.DataFrame, Passes]:
        study, cell = given.study, given.cell
        metric, method = study.make("metrics", cell.metric), study.make("methods", cell.method)
        maps = given.graph.cell(ATTRIBUTE, cell.unit, cell.method)
        everyone = study.kept == study.settings["explain"]["subjects"]
        place = given.device if metric.tags.kind in RUNNING else HOME
        attribution = moved(given.of(maps) if everyone else every_map(given.at(maps)).maps, place)
        explained = Explained(cell.method, method, attribution, map_context(given.at(maps)), study.blur(cell.method))
        shared = given.once(("explained model", place), lambda: _explained_model(given, place))
        truths = dict(shared.cohort.truths) | ({"use": given.value(USE)} if "use" in metric.tags.truths else {})
        with count_passes(shared.model) as passes:
            return measure(cell.metric, metric, explained, shared, truths, study.views), passes

    def work(self, study: Study, cell: Cell) -> float:
        """The subjects the metric asks for."""
        everyone = super().work(study, cell)
        return min(study.make("metrics", cell.metric).subjects or everyone, everyone)

    def takes_part(self, study: Study, cell: Cell) -> frozenset[str]:
        """The network where it is asked for outputs, which methods share, and the method where it is asked again."""
        kind = study.make("metrics", cell.metric).tags.kind
        return {"map": frozenset[str](), "model": frozenset({"network"})}.get(kind, super().takes_part(study, cell))


MEASURE = _Measure()


def _in_key(view: View, blur: float) -> dict[str, Any]:
    """The part of a key that names a view, and what it does to the maps of a method with this blur."""
    return {**view.in_keys, **({} if view.of(blur) == view else {"own": blur})}


def _explained_model(given: Given, place: torch.device) -> ExplainedModel:
    """place: where its subjects lie; what looks at maps alone works in main memory."""
    simulator, cohort = calibrated(given), given.value(COHORT) if place == HOME else given.there(COHORT)
    key, model = given.graph.cell(TRAIN, given.unit).key, given.there(TRAIN).model
    known = metric_context(simulator, cohort, key, lambda: given.value(IMAGES).train)
    sides = simulator.sides(given.value(COHORT).targets)
    return ExplainedModel(model, cohort, answering_on(place, known), sides, Validity.of(simulator), simulator.centre)
