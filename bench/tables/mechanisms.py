"""The table of mechanisms: how much of each method's maps is wrong under networks whose mechanism is known."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from bench.contracts import KnownMechanism
from bench.plan.cells import Cells
from bench.plan.states import Ledger
from bench.stages.attribute import ATTRIBUTE
from bench.stages.cohort import COHORT
from bench.stages.judging import judged
from bench.stages.train import TRAIN
from bench.study import Study, Unit

#: a map is right where less than this share of it is wrong: what float32 rounding may do
RIGHT = 1e-3
Row = tuple[Any, ...]


def rows(study: Study, cells: Cells, ledger: Ledger) -> Iterator[Row]:
    """Rows of MECHANISMS: every known network, method and question; no row for networks that learn."""
    for unit in study.units:
        trained, explained = (cells.cell(stage, unit) for stage in (TRAIN, COHORT))
        if not (ledger.record(trained) and ledger.record(explained)):
            continue
        model = ledger.value(trained).model
        if isinstance(model, KnownMechanism):
            images = ledger.value(explained).images[: study.kept]
            yield from _of_model(study, cells, ledger, unit, model, images)


def _of_model(
    study: Study, cells: Cells, ledger: Ledger, unit: Unit, model: KnownMechanism, images: Tensor
) -> Iterator[Row]:
    who = (unit.simulator, unit.network, unit.data_seed, unit.model_seed, model.mechanism, model.wrapping)
    for name in study.methods:
        maps = cells.cell(ATTRIBUTE, unit, name)
        if not ledger.record(maps) or not len(images):
            continue
        for question, wrong in judged(model, images, ledger.value(maps), study.make("methods", name).tags).items():
            known = wrong[~wrong.isnan()]
            if len(known):
                yield (*who, name, question, len(known), float(known.mean()), float((known < RIGHT).double().mean()))
            else:
                yield (*who, name, question, 0, float(torch.nan), float(torch.nan))
