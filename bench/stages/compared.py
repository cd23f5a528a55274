"""What a metric that compares models is given of the models of a simulator and network."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch

from bench import seeds
from bench.contracts import Cohort, Context
from bench.plan.cells import Cell
from bench.stages.compare import Trained
from bench.stages.context import cohort_context

if TYPE_CHECKING:
    from bench.launch.unit import Bench


def models(bench: "Bench", cell: Cell) -> Trained:
    """The models that passed the gate, as they alone are ranked; all of them where none passed."""
    passed = [bool(bench.get(c).record["passed"]) for c in cell.parts["models"]]
    counted = [row for row, good in enumerate(passed) if good or not any(passed)]

    def of(part: str) -> list[Any]:
        return [bench.get(cell.parts[part][row]) for row in counted] if part in cell.parts else []

    untrained, arms = cell.parts["untrained"], of("permuted")
    units = [cell.parts["maps"][row].unit for row in counted]
    return Trained(
        torch.stack([maps.map for maps in of("maps")]),
        torch.stack([bench.get(c).map for c in untrained]),
        tuple(of("uses")),
        torch.stack([maps.map for maps in arms]) if arms else torch.empty(0, 0),
        tuple(model.record["memorised"] for model in of("memorised")),
        data_seeds=tuple(u.data_seed for u in units),
        model_seeds=tuple(u.model_seed for u in units),
        init_seeds=tuple(u.init_seed for u in units),
        order_seeds=tuple(u.order_seed for u in units),
        untrained_seeds=tuple(c.unit.init_seed for c in untrained),
    )


def context(cell: Cell, cohort: Cohort) -> Context:
    """The explained subjects, which all models share, with their truths."""
    return replace(cohort_context(cohort, seeds.of_perturbations(cell.folder), None), truths=cohort.truths)
