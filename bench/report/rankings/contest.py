"""All methods under one ranking on one network: means, leads, statuses and ranks."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bench.report.load.results import Ranking, Results
from bench.report.rankings import sanity
from bench.report.rankings.block import Block, pooled_blocks, seeds_behind, subjects_behind
from bench.report.rankings.blocks import Blocks
from bench.report.statistics.arrays import ByModel, Codes
from bench.report.statistics.intervals import ENOUGH_DATA_SEEDS, PREVIEW, Array, MeanEstimate, mean_estimate
from bench.report.statistics.ranks import shared_ranks

#: the status of a method that depends on nothing learnt, which is never ranked
FAILS_SANITY = "fails sanity"

#: blocks of simulators, each with the scores of its single models
Layers = list[tuple[Block, ByModel]]


@dataclass(frozen=True)
class Contest:
    """All methods under one ranking on one network, over the blocks of one scope (one simulator, or all).

    values: (M, D, I), the simulators of the scope averaged; data_seeds (D,) and subjects (I,) label its axes. counts:
    per block (M, D, I). units: (M,). models: per block the scores of single models. failing: methods whose maps depend
    on nothing learnt, as `sanity` says of this scope.
    """

    results: Results
    headline: Ranking
    scope: str
    blocks: list[Block]
    methods: list[str]
    values: Array
    data_seeds: Codes
    subjects: Codes
    counts: list[NDArray[np.int64]]
    units: NDArray[np.int64]
    models: list[ByModel]
    failing: frozenset[str] = frozenset()

    @classmethod
    def of(
        cls,
        results: Results,
        headline: Ranking,
        scope: str,
        blocks: Layers,
        methods: list[str],
        failing: frozenset[str],
    ) -> "Contest":
        """Gather the methods' tables; a scope of several blocks leaves out those in which no model passed."""
        layers = [(b, m) for b, m in blocks if b.passed] or blocks
        counting, models = [b for b, _ in layers], [m for _, m in layers]
        taken = [b.take(methods, headline) for b in counting]
        values, data_seeds, subjects = pooled_blocks(counting, [t[0] for t in taken])
        units, counts = np.sum([t[2] for t in taken], axis=0), [t[1] for t in taken]
        return cls(
            results, headline, scope, counting, methods, values, data_seeds, subjects, counts, units, models, failing
        )

    @cached_property
    def sign(self) -> int:
        """1 where higher is better, else -1."""
        return 1 if self.results.metric(self.headline.metric)["higher_is_better"] else -1

    def roles(self) -> list[str]:
        """The role of each method."""
        role_of = dict(zip(self.results.methods["method"], self.results.methods["role"], strict=True))
        return [str(role_of.get(name, "method")) for name in self.methods]

    def score(self) -> MeanEstimate:
        """Means of all methods (M,), the simulators weighing equally, each over the simulators it has values in."""
        return mean_estimate(self.values)

    def lead(self, one: int, other: int) -> tuple[float, float, float]:
        """Lead of `one` over `other`: paired difference with its 95 % interval, positive is better."""
        value = mean_estimate(self.sign * (self.values[[one]] - self.values[[other]]))
        low, high = value.interval()
        return float(value.mean[0]), float(low[0]), float(high[0])

    def statuses(self) -> list[str]:
        """`ok`, `partial`, `fails sanity`, `below gate` or `undefined` for each method."""
        ranked = [m for m, role in enumerate(self.roles()) if role == "method"] or list(range(len(self.methods)))
        lacking = np.any([(c < c[ranked].max(0)).any((-2, -1)) for c in self.counts], axis=0)
        names = np.where(lacking, "partial", "ok").astype(object)
        names = np.where([name in self.failing for name in self.methods], FAILS_SANITY, names)
        names = np.where(any(b.passed for b in self.blocks), names, "below gate")
        return [str(name) for name in np.where(self.units == 0, "undefined", names)]

    def entitled(self, statuses: list[str]) -> list[int]:
        """The methods that have every cell; controls and oracles are never ranked."""
        return [m for m, role in enumerate(self.roles()) if role == "method" and statuses[m] == "ok"]

    def ranks(self, mean: Array, statuses: list[str]) -> dict[int, int]:
        """Shared ranks of the entitled methods."""
        order = sorted(self.entitled(statuses), key=lambda m: (-self.sign * mean[m], self.methods[m]))
        return shared_ranks(order, lambda leader, other: bool(self.lead(leader, other)[1] > 0))

    def table(self) -> pd.DataFrame:
        """The leaderboard rows of this contest, best first."""
        score, statuses = self.score(), self.statuses()
        low, high = score.interval()
        ranks = self.ranks(score.mean, statuses)
        places = list(ranks.values())
        rows = pd.DataFrame({"method": self.methods, "role": self.roles()})
        rows["mean"], rows["low"], rows["high"] = score.mean, low, high
        rows["rank"] = [str(ranks.get(m, "")) for m in range(len(rows))]
        rows["tied"] = [m in ranks and places.count(ranks[m]) > 1 for m in range(len(rows))]
        rows["status"], rows["n_units"] = statuses, self.units
        rows["n_data_seeds"] = seeds_behind(self.values)
        rows["n_subjects"] = subjects_behind(self.values, self.subjects)
        rows["n_simulators"] = np.sum([c.any((-2, -1)) for c in self.counts], axis=0)
        # a method without any value says nothing about how firm the others' ranks are
        rows["preview"] = np.where(rows["n_data_seeds"].between(1, ENOUGH_DATA_SEEDS - 1), PREVIEW, "")
        rows = pd.concat([rows, self._gains(score.mean)], axis=1)
        return rows.assign(best=-self.sign * rows["mean"]).sort_values(["best", "method"]).drop(columns="best")

    def _gains(self, mean: Array) -> pd.DataFrame:
        """Lead of every method over the best control of this contest."""
        controls = [m for m, role in enumerate(self.roles()) if role == "control" and not np.isnan(mean[m])]
        if not controls:
            return pd.DataFrame({"control": "", "gain": np.nan, "gain_low": np.nan, "gain_high": np.nan}, self._index)
        best = max(controls, key=lambda m: self.sign * mean[m])
        leads = [self.lead(m, best) if m != best else (np.nan,) * 3 for m in self._index]
        gains = pd.DataFrame(leads, columns=["gain", "gain_low", "gain_high"])
        return gains.assign(control=self.methods[best])

    @property
    def _index(self) -> range:
        return range(len(self.methods))


def contests(results: Results, blocks: Blocks, headline: Ranking, network: str, judged: pd.DataFrame) -> list[Contest]:
    """The contests of one ranking and network: over all simulators, then each simulator. judged: `sanity.table`."""
    pairs = zip(blocks.headline[headline.ranking], blocks.by_model[headline.ranking], strict=True)
    layers = {b.simulator: (b, m) for b, m in pairs if b.network == network}
    methods = sorted(results.methods["method"])
    scopes = {"all": list(layers.values())} | {s: [layers[s]] for s in results.simulators if s in layers}
    failing = {scope: frozenset(sanity.failures(judged, network, scope)) for scope in scopes}
    return [Contest.of(results, headline, s, chosen, methods, failing[s]) for s, chosen in scopes.items() if chosen]
