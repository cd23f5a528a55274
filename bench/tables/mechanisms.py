"""The table of mechanisms: how much of each method's maps is wrong under networks whose mechanism is known."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from bench.contracts import KnownMechanism
from bench.plan.cells import Cells
from bench.plan.states import StoredCells
from bench.stages.attribute import ATTRIBUTE
from bench.stages.cohort import COHORT
from bench.stages.judging import shares_wrong
from bench.stages.train import TRAIN
from bench.study import Study, Unit

#: a map is right where less than this share of it is wrong: what float32 rounding may do
RIGHT = 1e-3
Row = tuple[Any, ...]


def rows(study: Study, cells: Cells, stored: StoredCells) -> Iterator[Row]:
    """Rows of MECHANISMS: every known network, method and question; no row for networks that learn."""
    for unit in study.units:
        trained, explained = (cells.cell(stage, unit) for stage in (TRAIN, COHORT))
        if not (stored.record(trained) and stored.record(explained)):
            continue
        model = stored.value(trained).model
        if isinstance(model, KnownMechanism):
            images = stored.value(explained).images[: study.kept]
            yield from _of_model(study, cells, stored, unit, model, images)


def _of_model(
    study: Study, cells: Cells, stored: StoredCells, unit: Unit, model: KnownMechanism, images: Tensor
) -> Iterator[Row]:
    who = (unit.simulator, unit.network, unit.data_seed, unit.model_seed, model.mechanism, model.wrapping)
    for name in study.methods:
        maps = cells.cell(ATTRIBUTE, unit, name)
        if not stored.record(maps) or not len(images):
            continue
        for question, wrong in shares_wrong(
            model, images, stored.value(maps), study.make("methods", name).tags
        ).items():
            known = wrong[~wrong.isnan()]
            if len(known):
                yield (*who, name, question, len(known), float(known.mean()), float((known < RIGHT).double().mean()))
            else:
                yield (*who, name, question, 0, float(torch.nan), float(torch.nan))
