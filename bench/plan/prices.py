"""Prices of cells: the costs in the records of a store, scaled to a cell that is to be made.

A cost is taken to grow with the work of a cell: voxels of the grid x images that pass through the network or simulator
(subjects, times epochs, draws or combinations where the stage has them). Prices come from the records of the nearest
work, so that what does not grow is counted where it was measured.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import isclose, log, prod
from statistics import fmean
from typing import Any, NamedTuple

from bench.plan.cells import Cells
from bench.stages.stage import Cell
from bench.store import dropped
from bench.store.artefacts import Artefacts
from bench.store.scores import Scores
from bench.study import Study, Unit


class Cost(NamedTuple):
    """Seconds of one core, and passes through the network."""

    seconds: float = 0.0
    forward: float = 0.0
    backward: float = 0.0

    def times(self, factor: float) -> "Cost":
        """This many of them."""
        return Cost(*(part * factor for part in self))

    @classmethod
    def mean(cls, costs: list["Cost"]) -> "Cost":
        """The mean of each part."""
        return cls(*(fmean(part) for part in zip(*costs, strict=True)))


class WorkKind(NamedTuple):
    """All that decides a price: the stage, the network (hash of its node), the plug-ins."""

    stage: str
    network: str = ""
    method: str = ""
    metric: str = ""

    @classmethod
    def of(cls, cells: Cells, cell: Cell) -> "WorkKind":
        """The kind of a cell, without what takes no part."""
        part = cell.maker.takes_part(cells.study, cell)
        network = cells.describe("networks", cell.unit.network) if "network" in part else ""
        return cls(cell.stage, network, cell.method if "method" in part else "", cell.metric)

    def without(self) -> Iterator["WorkKind"]:
        """This kind, and what it is called where its network or method takes no part."""
        yield from dict.fromkeys(
            (self, self._replace(network=""), self._replace(method=""), self._replace(network="", method="")),
        )


@dataclass
class Prices:
    """Prices by kind: {kind: [(work, cost)]}. peaks: most MB held by a cell of a kind. elsewhere: of other kinds."""

    known: dict[WorkKind, list[tuple[float, Cost]]] = field(default_factory=dict)
    peaks: dict[WorkKind, float] = field(default_factory=dict)
    elsewhere: "Prices | None" = None
    _priced: dict[tuple[WorkKind, float], Cost | None] = field(default_factory=dict, repr=False)
    _timed: set[tuple[str, str]] = field(default_factory=set, repr=False)

    def add(self, kind: WorkKind, work: float, cost: Cost, peak_mb: float = 0.0) -> None:
        """One cell that was computed."""
        self._priced.clear()
        self._timed |= set(kind._asdict().items())
        for each in kind.without():
            self.known.setdefault(each, []).append((work, cost))
            self.peaks[each] = max(self.peaks.get(each, 0.0), peak_mb)

    def price(self, kind: WorkKind, work: float) -> Cost | None:
        """The cost of a cell; None where none of its kind was ever computed, however alike."""
        if (kind, work) not in self._priced:
            self._priced[kind, work] = self._price(kind, work)
        return self._priced[kind, work]

    def peak(self, kind: WorkKind) -> float:
        """Most MB that a cell of a kind held; 0 where nobody measured one."""
        return self.peaks.get(kind, 0.0) or (self.elsewhere.peak(kind) if self.elsewhere else 0.0)

    def untimed(self, kind: WorkKind, network: str) -> str:
        """The part of a kind without a price that nobody timed, or what was not timed together; network: its name."""
        names = {**kind._asdict(), "network": kind.network and network}
        for part, name in kind._asdict().items():
            if name and not self.has_timed(part, name):
                return f"{part} {names[part]}"
        asked = " of ".join(filter(None, (kind.metric or kind.stage, kind.method)))
        return f"{asked} on {network}" if kind.network else asked

    def has_timed(self, part: str, name: str) -> bool:
        """True where anything of a stage, network, method or metric was computed."""
        return (part, name) in self._timed or bool(self.elsewhere and self.elsewhere.has_timed(part, name))

    def _price(self, kind: WorkKind, work: float) -> Cost | None:
        costs = self.known.get(kind)
        if costs is None:
            return self.elsewhere.price(kind, work) if self.elsewhere else None
        distance = min(abs(log(w / work)) for w, _ in costs)
        near = [cost.times(work / w) for w, cost in costs if isclose(abs(log(w / work)), distance, abs_tol=1e-9)]
        return Cost.mean(near)


def image_voxels(study: Study, unit: Unit) -> int:
    """Voxels of an image."""
    return prod(study.make("simulators", unit.simulator).shape)


def work(cells: Cells, cell: Cell) -> float:
    """Voxels that pass through the network or simulator."""
    return cell.maker.work(cells.study, cell) * image_voxels(cells.study, cell.unit)


def price_of(prices: Prices, cells: Cells, cell: Cell) -> Cost | None:
    """The cost of a cell, or of one of a stage that does the same work; None where nobody timed either."""
    return next((cost for kind in _kinds(cells, cell) if (cost := prices.price(kind, work(cells, cell)))), None)


def peak_of(prices: Prices, cells: Cells, cell: Cell) -> float:
    """Most MB that a cell like this one held, or one of a stage that does the same work; 0 where nobody measured it."""
    return next(filter(None, map(prices.peak, _kinds(cells, cell))), 0.0)


def _kinds(cells: Cells, cell: Cell) -> Iterator[WorkKind]:
    """The kind of a cell, then that of a stage that does the same work."""
    kind = WorkKind.of(cells, cell)
    yield kind
    if alike := cell.maker.priced_as:
        yield kind._replace(stage=alike)


def terms(cells: Cells, cell: Cell) -> dict[str, Any]:
    """Fields of a cell's record that prices are read from: its kind and its work."""
    return {**WorkKind.of(cells, cell)._asdict(), "work": work(cells, cell)}


def read(artefacts: Artefacts, scores: Scores) -> Prices:
    """Everything a store knows of costs; a record that does not say enough is passed over."""
    prices = Prices()
    for record in (*_artefacts(artefacts), *(r for cell in scores.cells() for r in scores.known(cell).values())):
        try:
            kind = WorkKind(*(str(record[part]) for part in WorkKind._fields))
            cost = Cost(*(float(record["cost"][part]) for part in Cost._fields))
            prices.add(kind, float(record["work"]), cost, float(record["cost"].get("peak_mb", 0.0)))
        except (KeyError, TypeError):
            continue
    return prices


def _artefacts(artefacts: Artefacts) -> Iterator[Mapping[str, Any]]:
    for stage in artefacts.stages():
        for key in artefacts.keys(stage):
            if record := dropped.read(artefacts, key) if stage == dropped.DROPPED else artefacts.known(stage, key):
                yield record
