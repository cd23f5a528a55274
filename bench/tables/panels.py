"""Panels that pictures are drawn from: a few subjects of every simulator, and each method's maps of them."""

import numpy as np
import torch

from bench.contracts import Cohort
from bench.plan.cells import Cells
from bench.plan.states import StoredCells
from bench.report.load import panels
from bench.stages import train
from bench.stages.attribute import ATTRIBUTE
from bench.stages.cohort import COHORT
from bench.stages.train import TRAIN
from bench.study import Study, Unit

#: subjects shown of each simulator, half of them patients
SHOWN = 4
#: the truth the maps are shown beside
TRUTH = "counterfactual"


def write(study: Study) -> None:
    """Write `results/<study>/panels.npz`: for each network the maps of its first model that passed the gate.

    Where none passed, the first model's maps are shown; the page says that it is below the gate.
    """
    cells, stored = Cells(study), StoredCells.of(study)
    volumes = {}
    for simulator in study.simulators:
        drawn = _volumes(study, simulator, cells, stored)
        if drawn is not None:
            volumes[simulator] = drawn
    panels.write(study.folder / "panels.npz", volumes)


def _volumes(study: Study, simulator: str, cells: Cells, stored: StoredCells) -> panels.Volumes | None:
    groups = [g for g in study.groups if g.simulator == simulator]
    cohort_cell = cells.cell(COHORT, study.members(groups[0])[0])
    if stored.record(cohort_cell) is None or study.kept == 0:
        return None
    cohort = stored.value(cohort_cell)
    sides = study.make("simulators", simulator).sides(cohort.targets)
    sick = (sides[: study.kept] == 1).nonzero().flatten()
    chosen = sick[:SHOWN] if len(sick) else torch.arange(min(SHOWN, study.kept))
    maps = {g.network: _maps(study, _example(study, g, cells, stored), chosen, cells, stored) for g in groups}
    return panels.Volumes(
        cohort.subjects[chosen].numpy(),
        sides[chosen].numpy(),
        cohort.images[chosen, 0].numpy(),
        cohort.twins[chosen, 0].numpy(),
        _truth(cohort, chosen),
        maps,
        cohort.affine,
    )


def _example(study: Study, group: Unit, cells: Cells, stored: StoredCells) -> Unit:
    """The model whose maps are shown."""
    members = study.members(group)
    trained = [(u, cells.cell(TRAIN, u)) for u in members]
    folders = [(u, stored.folder(c)) for u, c in trained if stored.record(c) is not None]
    passed = [u for u, folder in folders if train.record(folder)["passed"]]
    return (passed or members)[0]


def _truth(cohort: Cohort, chosen: torch.Tensor) -> np.ndarray:
    truth = cohort.truths.get(TRUTH)
    volume = (cohort.images - cohort.twins) if truth is None or truth.volume is None else truth.volume
    return np.asarray(volume[chosen, 0].numpy())


def _maps(study: Study, unit: Unit, chosen: torch.Tensor, cells: Cells, stored: StoredCells) -> dict[str, np.ndarray]:
    maps = {}
    for method in study.methods:
        cell = cells.cell(ATTRIBUTE, unit, method)
        if stored.record(cell) is not None:
            maps[method] = stored.value(cell).map[chosen, 0].numpy()
    return maps
