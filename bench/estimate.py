"""How long a plan will take and how much disk it needs, from what cells like these took before."""

from collections import defaultdict
from math import prod
from statistics import fmean

from bench.cells import Cell
from bench.ledger import Ledger, States
from bench.study import Study

MAPS = ("attribute", "untrained")


def estimate(study: Study, found: dict[str, States]) -> str:
    """One or two sentences; cells of a kind that was never run are counted, not guessed."""
    todo = {key for keys in study.todo.values() for key in keys}
    cells = {key: cell for states in found.values() for key, (cell, _) in states.items()}
    seconds = _past(study, list(cells.values()))
    waiting = [cell for key, cell in cells.items() if key in todo]
    known = [seconds[_kind(c)] for c in waiting if _kind(c) in seconds]
    said = f"{len(waiting)} cells to compute, about {sum(known) / 60:.1f} minutes of one core for {len(known)} of them"
    unknown = len(waiting) - len(known)
    said += f" ({unknown} of kinds that were never timed)" if unknown else ""
    return f"{said}; {_megabytes(study, waiting):.0f} MB of maps"


def _kind(cell: Cell) -> tuple[str, ...]:
    return (cell.stage, cell.unit.network, cell.method, cell.metric)


def _past(study: Study, cells: list[Cell]) -> dict[tuple[str, ...], float]:
    ledger = Ledger.of(study)
    times: dict[tuple[str, ...], list[float]] = defaultdict(list)
    for cell in cells:
        record = ledger.record(cell)
        if record and "cost" in record:
            times[_kind(cell)].append(record["cost"]["seconds"])
    return {kind: fmean(values) for kind, values in times.items()}


def _megabytes(study: Study, cells: list[Cell]) -> float:
    voxels = {s: prod(study.make("simulators", s).shape) for s in study.simulators}
    return sum(4e-6 * study.kept * voxels[c.unit.simulator] for c in cells if c.stage in MAPS)
