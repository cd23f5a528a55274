"""The table of simulators: the group that each is ranked in, and how large its truths are."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from bench.contracts import Cohort
from bench.contracts.sets import mass_set
from bench.plan.cells import Cells
from bench.plan.states import StoredCells
from bench.stages.cohort import COHORT
from bench.study import Study

#: share of a truth whose smallest set of voxels is its size, as the overlap metrics take it
HELD = 0.9
#: truths that are of voxels and of the disease
TRUTHS = ("counterfactual", "edit", "planted")


def rows(study: Study, cells: Cells, stored: StoredCells) -> Iterator[list[Any]]:
    """Rows of SIMULATORS, over patients; without truths for a simulator whose explained subjects are not stored."""
    units = {unit.simulator: unit for unit in reversed(study.units)}
    for name, unit in sorted(units.items(), key=lambda pair: list(study.simulators).index(pair[0])):
        simulator, cell = study.make("simulators", name), cells.cell(COHORT, unit)
        group = [name, simulator.family, simulator.place]
        if not stored.record(cell):
            yield [*group, *[""] * 10]
            continue
        everyone = stored.value(cell)
        # on whom anatomy is ranked; the edit of a control is all that would make it a patient
        cohort = everyone.take((simulator.sides(everyone.targets) == 1).nonzero().flatten())
        edge = float(np.cbrt(1000 * _voxel_ml(cohort)))
        yield from ([*group, edge, truth, *size_of(cohort, truth)] for truth in TRUTHS if truth in cohort.truths)


def size_of(cohort: Cohort, truth: str) -> list[float]:
    """Subjects who have a truth; voxels, with percentiles, of the set that holds it; the same in ml; its share.

    nan where nobody has it.
    """
    volume = cohort.truths[truth].volume
    assert volume is not None, f"the truth {truth} has no voxels"
    inside = [abs(v[d].numpy()) for v, d in zip(volume, cohort.domain, strict=True)]
    counts = np.array([mass_set(values, HELD).sum() for values in inside])
    held = counts > 0
    if not held.any():
        return [0, *[np.nan] * 7]
    voxels = np.quantile(counts[held], (0.5, 0.05, 0.95))
    share = np.median(counts[held] / np.array([len(values) for values in inside])[held])
    return [int(held.sum()), *voxels, *(voxels * _voxel_ml(cohort)), float(share)]


def _voxel_ml(cohort: Cohort) -> float:
    return abs(float(np.linalg.det(cohort.affine[:3, :3]))) / 1000
