"""Stage compare: the scores of one method over the models of a simulator and network, by one metric."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import chain
from typing import Any

import pandas as pd
import torch

from bench import seeds
from bench.contracts import Cohort, Context
from bench.passes.counting import Passes
from bench.stages.attribute import ATTRIBUTE
from bench.stages.cohort import COHORT
from bench.stages.comparison import ComparedModels, compare
from bench.stages.context import cohort_context, spread_in_key
from bench.stages.stage import Cell, Given, Graph, Stage
from bench.stages.train import TRAIN
from bench.stages.untrained import untrained
from bench.stages.use import USE
from bench.store.keys import key
from bench.study import Study, Unit


class _Compare(Stage[Any]):
    """Makes rows of scores over the models of a simulator and network."""

    name = "compare"
    version = "2"

    def cell(self, graph: Graph, unit: Unit, method: str, metric: str) -> Cell:
        """One per group, method and metric; `parts`: maps, untrained, uses, models, and those of arms if asked for."""
        study, members = graph.study, graph.study.members(unit)
        parts = {
            "maps": [graph.cell(ATTRIBUTE, member, method) for member in members],
            "untrained": untrained(graph, unit, method),
            "uses": [graph.cell(USE, member) for member in members],
            "models": [graph.cell(TRAIN, member) for member in members],
        }
        if "permuted" in study.make("metrics", metric).tags.needs:
            arms = [replace(member, permuted=True) for member in members]
            parts["permuted"] = [graph.cell(ATTRIBUTE, arm, method) for arm in arms]
            parts["memorised"] = [graph.cell(TRAIN, arm) for arm in arms]
        keys = {part: [cell.content.get("maps", cell.key) for cell in cells] for part, cells in parts.items()}
        spread = spread_in_key(study.make("methods", method))
        content = {"metric": graph.describe("metrics", metric), "kept": study.kept, **keys, **spread}
        needs = (graph.cell(COHORT, members[0]), *chain.from_iterable(parts.values()))
        source, folder = graph.source("metrics", metric), key({"compare": keys["maps"]})
        name = f"{unit.id}-{method}"
        return Cell(self, name, content, unit, needs, source, method, metric, folder, parts=parts)

    def cells(self, graph: Graph, unit: Unit) -> Iterable[Cell]:
        """One per method and metric of a group."""
        if not unit.group:
            return ()
        metrics = graph.study.metric_names(compare=True)
        return [graph.cell(self, unit, name, metric) for name in graph.study.methods for metric in metrics]

    def make(self, given: Given) -> tuple[pd.DataFrame, Passes]:
        cell, metric = given.cell, given.study.make("metrics", given.cell.metric)
        cohort = given.of(cell.needs[0])
        quantity = given.study.make("methods", cell.method).tags.quantity
        known = replace(models_context(cell, cohort), quantity=quantity)
        return compare(cell.metric, metric, compared_models(given), cohort, known), Passes()

    def work(self, study: Study, cell: Cell) -> float:
        """Every explained subject once per model."""
        return super().work(study, cell) * len(cell.parts["maps"])

    def takes_part(self, study: Study, cell: Cell) -> frozenset[str]:
        """Neither: maps are compared, whoever made them."""
        return frozenset()


COMPARE = _Compare()


def compared_models(given: Given) -> ComparedModels:
    """The models that passed the gate, as they alone are ranked; all of them where none passed."""
    parts = given.cell.parts
    passed = [bool(given.of(cell).record["passed"]) for cell in parts["models"]]
    counted = [row for row, good in enumerate(passed) if good or not any(passed)]

    def values(part: str) -> list[Any]:
        return [given.of(parts[part][row]) for row in counted] if part in parts else []

    arms, units = values("permuted"), [parts["maps"][row].unit for row in counted]
    return ComparedModels(
        torch.stack([maps.map for maps in values("maps")]),
        torch.stack([given.of(cell).map for cell in parts["untrained"]]),
        tuple(values("uses")),
        torch.stack([maps.map for maps in arms]) if arms else torch.empty(0, 0),
        tuple(model.record["memorised"] for model in values("memorised")),
        data_seeds=tuple(unit.data_seed for unit in units),
        model_seeds=tuple(unit.model_seed for unit in units),
        init_seeds=tuple(unit.init_seed for unit in units),
        order_seeds=tuple(unit.order_seed for unit in units),
        untrained_seeds=tuple(cell.unit.init_seed for cell in parts["untrained"]),
    )


def models_context(cell: Cell, cohort: Cohort) -> Context:
    """The explained subjects, which all models share, with their truths."""
    return replace(cohort_context(cohort, seeds.of_perturbations(cell.folder), None), truths=cohort.truths)
