"""Estimates of a plan: time by stage and on the chosen launcher, passes, and disk by kind."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import accumulate

from bench.plan import published_prices
from bench.plan.cells import Cells
from bench.plan.prices import Cost, Prices, WorkKind, image_voxels, peak_of, price_of, read
from bench.plan.states import States
from bench.study import Study

#: entries of a count that a sentence names, the commonest
NAMED = 6


@dataclass
class CostEstimate:
    """stages: {stage: cost}; units, groups: seconds of each; cells: to compute, caches beside them not counted.

    unknown: cells of kinds that were never computed, by what of them was not; caches: those never computed.
    disk: {what is kept: MB}. reading: {key of a cache: the number of the first unit that reads it, and of the last, and
    its MB}. peak_mb: most that a cell is expected to hold, 0 where nobody measured any.
    """

    stages: dict[str, Cost] = field(default_factory=dict)
    units: list[float] = field(default_factory=list)
    groups: list[float] = field(default_factory=list)
    cells: int = 0
    unknown: Counter[str] = field(default_factory=Counter)
    caches: Counter[str] = field(default_factory=Counter)
    disk: dict[str, float] = field(default_factory=dict)
    reading: dict[str, tuple[int, int, float]] = field(default_factory=dict)
    peak_mb: float = 0.0

    def seconds(self, stage: str) -> str:
        """Seconds of one core for a stage, "-" where it has nothing to compute or was never timed."""
        return f"{self.stages[stage].seconds:.0f}" if self.stages.get(stage, Cost()).seconds else "-"

    def wall(self, workers: int) -> float:
        """Seconds on so many workers: each takes the next unit when it is free, comparisons follow."""
        return _makespan(self.units, workers) + _makespan(self.groups, workers)

    def sentence(self, workers: int) -> str:
        """Time and passes of the cells whose price is known, as one sentence."""
        total = Cost(*(sum(part) for part in zip(*self.stages.values(), strict=True))) if self.stages else Cost()
        time = f"about {text_of_time(total.seconds)} of one core"
        time += f", {text_of_time(self.wall(workers))} on {workers} workers" if workers > 1 else ""
        priced = f", {self.cells - self.unknown.total()} of them" if self.unknown else ","
        passes = f"about {total.forward:,.0f} forward and {total.backward:,.0f} backward passes"
        return f"{self.cells} cells to compute{priced} {time}; {passes}"

    def unknown_sentence(self) -> str:
        """What the estimate leaves out, because nothing of its kind was timed here or published; "" for nothing."""
        left_out = self.unknown + self.caches
        return f"not counted, as nobody timed any: {listed(left_out, 'of')}" if left_out else ""

    def disk_sentence(self, workers: int) -> str:
        """Disk that is written, by what is kept, and of caches what lies there at once; "" where that is nothing."""
        parts = [f"{text_of_size(megabytes)} of {what}" for what, megabytes in self.disk.items() if megabytes]
        parts += [f"of them about {text_of_size(self.caches_at_once(workers))} at once"] if self.reading else []
        return f"disk: {', '.join(parts)}" if parts else ""

    def caches_at_once(self, workers: int) -> float:
        """Most MB of caches while units, one after the other on each of so many workers, wait for or read them."""
        changes: dict[int, float] = defaultdict(float)
        for first, last, size in self.reading.values():
            changes[max(first - workers + 1, 0)] += size
            changes[last + 1] -= size
        return max(accumulate(change for _, change in sorted(changes.items())), default=0.0)


def estimate(study: Study, surveyed: Mapping[str, States]) -> CostEstimate:
    """The cost of what `study.pending` names; a cell that several units share is counted with the first.

    Kinds that this store knows nothing of have the published prices.
    """
    prices = read(study.artefacts(), study.scores())
    return priced(study, surveyed, replace(prices, elsewhere=published_prices.read()))


def priced(study: Study, surveyed: Mapping[str, States], prices: Prices) -> CostEstimate:
    """The same from given prices."""
    cells, total, seen, store = Cells(study), CostEstimate(), set[str](), study.artefacts()
    costs: dict[str, list[Cost]] = defaultdict(list)
    for number, unit in enumerate(study.everything):
        seconds, pending = 0.0, set(study.pending.get(unit.id, ()))
        waiting = [cell for key, (cell, _) in surveyed[unit.id].items() if key in pending - seen]
        # what has to be drawn before the models among them can be trained
        caches = {cache.key: cache for cell in waiting for cache in cell.caches if cache.key not in seen}
        waiting += [cache for cache in caches.values() if not store.find(cache.stage, cache.key)]
        for key in {cache.key for cell in waiting for cache in cell.caches} & total.reading.keys():
            total.reading[key] = (total.reading[key][0], number, total.reading[key][2])
        seen |= {cell.key for cell in waiting}
        for cell in waiting:
            cost = price_of(prices, cells, cell)
            total.cells += not cell.maker.cache
            if cost is None:
                kind = WorkKind.of(cells, cell)
                (total.caches if cell.maker.cache else total.unknown)[prices.untimed(kind, cell.unit.network)] += 1
            if kept := cell.maker.keeps:
                megabytes = 1e-6 * cell.maker.disk(study, cell, image_voxels(study, unit))
                total.disk[kept] = total.disk.get(kept, 0.0) + megabytes
                if cell.maker.cache:
                    total.reading[cell.key] = (number, number, megabytes)
            total.peak_mb = max(total.peak_mb, peak_of(prices, cells, cell))
            costs[cell.stage].append(cost or Cost())
            seconds += (cost or Cost()).seconds
        (total.groups if unit.group else total.units).append(seconds)
    total.stages = {stage: Cost.mean(parts).times(len(parts)) for stage, parts in costs.items()}
    return total


def text_of_time(seconds: float) -> str:
    """Seconds, minutes or hours, as long as it is."""
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min" if seconds < 6000 else _hours(seconds)


def expected_seconds(study: Study) -> dict[str, dict[str, float]]:
    """Of each cell that `study.pending` names, by key: seconds of the caches made on the way to it, and of itself.

    They stand in the order of work, by key; caches count with the first cell that waits for them. What is of a kind
    that nobody timed is not among them; published prices are taken as they are.
    """
    prices = replace(read(study.artefacts(), study.scores()), elsewhere=published_prices.read(scaled=False))
    cells, store, seconds, seen = Cells(study), study.artefacts(), dict[str, dict[str, float]](), set[str]()
    for unit in study.everything:
        pending = set(study.pending.get(unit.id, ())) - seen
        for cell in (cell for cell in cells.of(unit) if cell.key in pending):
            caches = [c for c in cell.caches if c.key not in seen and not store.find(c.stage, c.key)]
            costs = {one.key: price_of(prices, cells, one) for one in (*caches, cell)}
            seen |= costs.keys()
            seconds[cell.key] = {key: cost.seconds for key, cost in costs.items() if cost}
    return seconds


def listed(counts: Counter[str], word: str) -> str:
    """What was counted with its numbers, the commonest first: `3 of this, 2 of that`."""
    named = counts.most_common(NAMED)
    rest = counts.total() - sum(number for _, number in named)
    return ", ".join([*(f"{number} {word} {what}" for what, number in named), *([f"{rest} others"] if rest else [])])


def _makespan(seconds: list[float], workers: int) -> float:
    busy = [0.0] * min(workers, len(seconds))
    for each in seconds:
        first = busy.index(min(busy))
        busy[first] += each
    return max(busy, default=0.0)


def text_of_size(megabytes: float) -> str:
    """MB or GB, as large as it is."""
    return f"{megabytes:.0f} MB" if megabytes < 1000 else f"{megabytes / 1000:.1f} GB"


def _hours(seconds: float) -> str:
    return f"{seconds / 3600:.1f} h"
