"""Estimates of a plan: time by stage and on the chosen launcher, passes, and disk."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from bench.plan.cells import Cells
from bench.plan.prices import Cost, Prices, WorkKind, image_voxels, read, work
from bench.plan.states import States
from bench.stages.stage import Cell
from bench.study import Study


@dataclass
class CostEstimate:
    """stages: {stage: cost}; units, groups: seconds of each; unknown: cells of kinds that were never computed."""

    stages: dict[str, Cost] = field(default_factory=dict)
    units: list[float] = field(default_factory=list)
    groups: list[float] = field(default_factory=list)
    cells: int = 0
    unknown: int = 0
    megabytes: float = 0.0

    def seconds(self, stage: str) -> str:
        """Seconds of one core for a stage, "-" where it has nothing to compute or was never timed."""
        return f"{self.stages[stage].seconds:.0f}" if self.stages.get(stage, Cost()).seconds else "-"

    def wall(self, workers: int) -> float:
        """Seconds on so many workers: each takes the next unit when it is free, comparisons follow."""
        return _makespan(self.units, workers) + _makespan(self.groups, workers)

    def sentence(self, workers: int) -> str:
        """The estimate as one sentence."""
        total = Cost(*(sum(part) for part in zip(*self.stages.values(), strict=True))) if self.stages else Cost()
        time = f"{self.cells} cells to compute, about {_time(total.seconds)} of one core"
        time += f", {_time(self.wall(workers))} on {workers} workers" if workers > 1 else ""
        time += f" (and {self.unknown} cells of kinds that were never timed)" if self.unknown else ""
        passes = f"{total.forward:,.0f} forward and {total.backward:,.0f} backward passes"
        return f"{time}; about {passes}; {self.megabytes:.0f} MB of maps"


def estimate(study: Study, surveyed: Mapping[str, States]) -> CostEstimate:
    """The cost of what `study.pending` names; a cell that several units share is counted with the first."""
    return priced(study, surveyed, read(study.artefacts(), study.scores()))


def priced(study: Study, surveyed: Mapping[str, States], prices: Prices) -> CostEstimate:
    """The same from given prices."""
    cells, total, seen, store = Cells(study), CostEstimate(), set[str](), study.artefacts()
    costs: dict[str, list[Cost]] = defaultdict(list)
    for unit in study.everything:
        seconds, pending = 0.0, set(study.pending.get(unit.id, ()))
        waiting = [cell for key, (cell, _) in surveyed[unit.id].items() if key in pending - seen]
        # what has to be drawn before the models among them can be trained
        caches = {cache.key: cache for cell in waiting for cache in cell.caches if cache.key not in seen}
        waiting += [cache for cache in caches.values() if not store.find(cache.stage, cache.key)]
        seen |= {cell.key for cell in waiting}
        for cell in waiting:
            cost = prices.price(WorkKind.of(cells, cell), work(cells, cell))
            total.cells += not cell.maker.cache
            total.unknown += cost is None
            total.megabytes += _megabytes(study, cell)
            costs[cell.stage].append(cost or Cost())
            seconds += (cost or Cost()).seconds
        (total.groups if unit.group else total.units).append(seconds)
    total.stages = {stage: Cost.mean(parts).times(len(parts)) for stage, parts in costs.items()}
    return total


def _megabytes(study: Study, cell: Cell) -> float:
    """Disk that a cell's maps take, float32."""
    return 4e-6 * study.kept * image_voxels(study, cell.unit) if cell.maker.maps else 0.0


def _makespan(seconds: list[float], workers: int) -> float:
    busy = [0.0] * min(workers, len(seconds))
    for each in seconds:
        first = busy.index(min(busy))
        busy[first] += each
    return max(busy, default=0.0)


def _time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min" if seconds < 6000 else _hours(seconds)


def _hours(seconds: float) -> str:
    return f"{seconds / 3600:.1f} h"
