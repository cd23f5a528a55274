"""The table of regions: truths of the population, and use and effects under every model."""

from collections.abc import Iterator
from math import isfinite
from typing import Any

import torch
from torch import Tensor

from bench.contracts import Truth
from bench.contracts.uses import called, use_model
from bench.plan.cells import Cells
from bench.plan.states import StoredCells
from bench.stages.cohort import COHORT
from bench.stages.effects import EFFECTS
from bench.stages.switching import Effects
from bench.stages.use import USE
from bench.study import Study, Unit

#: in place of a region, where a statistic is over all of them
ALL = "all"
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
    sides: dict[str, Tensor] = {}
    for unit in study.units:
        explained, redrawn, switched = (cells.cell(stage, unit) for stage in (COHORT, USE, EFFECTS))
        if unit.simulator not in names and stored.record(explained):
            cohort = stored.value(explained)
            names[unit.simulator] = cohort.region_names
            sides[unit.simulator] = study.make("simulators", unit.simulator).sides(cohort.targets)
            for truth in cohort.truths.values():
                if truth.regions is not None:
                    yield from _with(Unit(unit.simulator, ""), _each(cohort.region_names, truth.name, truth.regions))
        if unit.simulator in names and stored.record(redrawn):
            truth = stored.value(redrawn)
            yield from _with(unit, _use(names[unit.simulator], truth))
            yield from _with(unit, _halves(sides[unit.simulator], truth))
        if unit.simulator in names and stored.record(switched):
            yield from _with(unit, _effects(names[unit.simulator], stored.value(switched)))


def _with(unit: Unit, entries: Iterator[Entry]) -> Iterator[Row]:
    who = (unit.simulator, unit.network, unit.data_seed, unit.model_seed)
    return ((*who, *entry) for entry in entries if isfinite(entry[-1]))


def _each(names: tuple[str, ...], truth: str, values: Tensor) -> Iterator[Entry]:
    """A truth of the population: every subject has the same values."""
    return ((name, truth, "value", value) for name, value in zip(names, values[0].tolist(), strict=True))


def _use(names: tuple[str, ...], use: Truth) -> Iterator[Entry]:
    """`use_model`, and over subjects the mean of `use` and the share of them in whom the region is clearly used."""
    shared = use_model(use).regions
    if use.regions is None or use.floor is None or shared is None:
        return
    used = torch.from_numpy(called(use.regions.double().numpy(), use.floor.double().numpy()).used)
    for truth, statistic, values in (
        ("use_model", "RMS", shared[0]),
        ("use", "mean", use.regions.mean(0)),
        ("use", "used", used.double().mean(0)),
    ):
        yield from ((n, truth, statistic, v) for n, v in zip(names, values.tolist(), strict=True))


def _halves(sides: Tensor, use: Truth) -> Iterator[Entry]:
    """The agreement of halves of the draws, mean over patients and over controls."""
    if use.agreement is None:
        return
    for side, who in ((1, "patients"), (0, "controls")):
        yield ALL, "use", f"halves agree, {who}", float(use.agreement[sides == side].nanmean())


def _effects(names: tuple[str, ...], effects: Effects) -> Iterator[Entry]:
    for truth in ("off", "on", "shapley"):
        for statistic, reduce in STATISTICS.items():
            values = reduce(getattr(effects, truth)).tolist()
            yield from ((name, truth, statistic, value) for name, value in zip(names, values, strict=True))
    pairs = torch.triu_indices(len(names), len(names), 1)
    for statistic, reduce in STATISTICS.items():
        values = reduce(effects.interaction)[pairs[0], pairs[1]].tolist()
        for first, second, value in zip(*pairs.tolist(), values, strict=True):
            yield f"{names[first]} x {names[second]}", "interaction", statistic, value
