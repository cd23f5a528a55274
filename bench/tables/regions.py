"""The table of regions: truths of the population, and use and effects under every model."""

from collections.abc import Iterator
from math import isfinite
from typing import Any

import torch
from torch import Tensor

from bench.contracts import Truth
from bench.plan.cells import Cells
from bench.plan.states import StoredCells
from bench.stages.cohort import COHORT
from bench.stages.effects import EFFECTS
from bench.stages.switching import Effects
from bench.stages.use import USE
from bench.study import Study, Unit

#: over the subjects that have a value
STATISTICS = {
    "mean": lambda values: values.nanmean(0),
    "mean absolute": lambda values: values.abs().nanmean(0),
    "RMS": lambda values: values.square().nanmean(0).sqrt(),
}
Row = tuple[Any, ...]
#: (region, or two of them), truth, statistic, value
Entry = tuple[str, str, str, float]


def rows(study: Study, cells: Cells, stored: StoredCells) -> Iterator[Row]:
    """Rows of REGIONS; truths of the population stand once per simulator, without network and with seeds -1."""
    names: dict[str, tuple[str, ...]] = {}
    for unit in study.units:
        explained, redrawn, switched = (cells.cell(stage, unit) for stage in (COHORT, USE, EFFECTS))
        if unit.simulator not in names and stored.record(explained):
            cohort = stored.value(explained)
            names[unit.simulator] = cohort.region_names
            for truth in cohort.truths.values():
                if truth.regions is not None:
                    yield from _with(Unit(unit.simulator, ""), _each(cohort.region_names, truth.name, truth.regions))
        if unit.simulator in names and stored.record(redrawn):
            yield from _with(unit, _use(names[unit.simulator], stored.value(redrawn)))
        if unit.simulator in names and stored.record(switched):
            yield from _with(unit, _effects(names[unit.simulator], stored.value(switched)))


def _with(unit: Unit, entries: Iterator[Entry]) -> Iterator[Row]:
    who = (unit.simulator, unit.network, unit.data_seed, unit.model_seed)
    return ((*who, *entry) for entry in entries if isfinite(entry[-1]))


def _each(names: tuple[str, ...], truth: str, values: Tensor) -> Iterator[Entry]:
    """A truth of the population: every subject has the same values."""
    return ((name, truth, "value", value) for name, value in zip(names, values[0].tolist(), strict=True))


def _use(names: tuple[str, ...], use: Truth) -> Iterator[Entry]:
    for statistic, values in (("RMS", use.regions), ("floor", use.floor)):
        if values is not None:
            yield from ((n, "use", statistic, v) for n, v in zip(names, values[0].tolist(), strict=True))


def _effects(names: tuple[str, ...], found: Effects) -> Iterator[Entry]:
    for truth in ("off", "on", "shapley"):
        for statistic, reduce in STATISTICS.items():
            values = reduce(getattr(found, truth)).tolist()
            yield from ((name, truth, statistic, value) for name, value in zip(names, values, strict=True))
    pairs = torch.triu_indices(len(names), len(names), 1)
    for statistic, reduce in STATISTICS.items():
        values = reduce(found.interaction)[pairs[0], pairs[1]].tolist()
        for first, second, value in zip(*pairs.tolist(), values, strict=True):
            yield f"{names[first]} x {names[second]}", "interaction", statistic, value
