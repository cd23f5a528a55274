"""How long a plan will take, by stage and on the chosen launcher, and how much disk it needs."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod

from bench.plan.cells import Cell, Cells
from bench.plan.prices import FREE, IMAGES, Cost, Kind, Past, read
from bench.plan.states import States
from bench.study import Study

MAPS = ("attribute", "untrained")
#: made on the way, and no cells of a plan
CACHES = ("bank", "images")


@dataclass
class Estimate:
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
        """For people."""
        total = Cost(*(sum(part) for part in zip(*self.stages.values(), strict=True))) if self.stages else Cost()
        said = f"{self.cells} cells to compute, about {_time(total.seconds)} of one core"
        said += f", {_time(self.wall(workers))} on {workers} workers" if workers > 1 else ""
        said += f" (and {self.unknown} cells of kinds that were never timed)" if self.unknown else ""
        passes = f"{total.forward:,.0f} forward and {total.backward:,.0f} backward passes"
        return f"{said}; about {passes}; {self.megabytes:.0f} MB of maps"


def estimate(study: Study, found: Mapping[str, States]) -> Estimate:
    """The cost of what `study.todo` names; a cell that several units share is counted with the first."""
    return priced(study, found, read(study.artefacts(), study.scores()))


def priced(study: Study, found: Mapping[str, States], past: Past) -> Estimate:
    """The same from given prices."""
    cells, made, seen, store = Cells(study), Estimate(), set[str](), study.artefacts()
    costs: dict[str, list[Cost]] = defaultdict(list)
    voxels = {name: prod(study.make("simulators", name).shape) for name in study.simulators}
    for unit in study.everything:
        seconds, todo = 0.0, set(study.todo.get(unit.id, ()))
        waiting = [cell for key, (cell, _) in found[unit.id].items() if key in todo - seen]
        caches = _caches(cells, waiting)
        waiting += [cell for cell in caches if cell.key not in seen and not store.find(cell.stage, cell.key)]
        seen |= {cell.key for cell in waiting}
        for cell in waiting:
            cost = past.price(_kind(cells, cell), _images(cells, cell) * voxels[cell.unit.simulator])
            made.cells += cell.stage not in CACHES
            made.unknown += cost is None
            made.megabytes += 4e-6 * study.kept * voxels[cell.unit.simulator] * (cell.stage in MAPS)
            costs[cell.stage].append(cost or Cost())
            seconds += (cost or Cost()).seconds
        (made.groups if unit.group else made.units).append(seconds)
    made.stages = {stage: Cost.mean(parts).times(len(parts)) for stage, parts in costs.items()}
    return made


def _caches(cells: Cells, waiting: list[Cell]) -> list[Cell]:
    """What has to be drawn before the models among the waiting cells can be trained."""
    units = [cells.unit(cell.unit) for cell in waiting if cell.stage == "train"]
    return [cache for unit in units for cache in (unit.bank, unit.images) if cache]


def _kind(cells: Cells, cell: Cell) -> Kind:
    if cell.stage in FREE:
        return Kind(cell.stage)
    return Kind(cell.stage, cells.describe("networks", cell.unit.network), cell.method, cell.metric)


def _images(cells: Cells, cell: Cell) -> float:
    explained: int = cells.study.settings["explain"]["subjects"]
    return IMAGES[cell.stage](cell.content, cells.configuration(cell), explained)


def _makespan(seconds: list[float], workers: int) -> float:
    busy = [0.0] * workers
    for each in seconds:
        first = busy.index(min(busy))
        busy[first] += each
    return max(busy)


def _time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min" if seconds < 6000 else _hours(seconds)


def _hours(seconds: float) -> str:
    return f"{seconds / 3600:.1f} h"
