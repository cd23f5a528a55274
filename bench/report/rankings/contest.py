"""All methods under one ranking on one network: means, leads, statuses and ranks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bench.report.load.results import Ranking, Results
from bench.report.rankings import native, refusals, sanity
from bench.report.rankings.block import Block, fewest, seeds_behind, subjects_behind
from bench.report.rankings.blocks import Blocks
from bench.report.rankings.statuses import (
    BELOW_GATE,
    FAILS_SANITY,
    NO_INTERVAL,
    NOT_RANKABLE,
    ONLY_PREVIEW,
    PARTIAL,
    TOO_COARSE,
    WHOLE,
)
from bench.report.statistics.arrays import ByModel, Codes
from bench.report.statistics.intervals import Array, MeanEstimate, previews
from bench.report.statistics.ranks import CAUTION, Pairs, clear_leads
from bench.report.statistics.simulators import equal_weight_mean, leads

#: the control that stands for chance where a metric declares none: it ranks places by their size alone
CONSTANT = "constant"


class Layer(NamedTuple):
    """A simulator's block, the scores of its single models, and the block of subjects that the ranking leaves out.

    empty: what has no value there, `refusals.by_case`.
    """

    block: Block
    models: ByModel
    uncounted: Block
    empty: pd.DataFrame


@dataclass(frozen=True)
class Contest:
    """All methods under one ranking on one network, over the blocks of one scope (a simulator, or a group of them).

    tables, counts: per block (M, D, I). units: (M,). models: per block the scores of single models. uncounted: per
    block the tables (M, D, I') of subjects that the ranking leaves out. failing: methods whose maps depend on nothing
    learnt, as `sanity` says of this scope. absent: method -> state and reason where it has no value.
    """

    results: Results
    headline: Ranking
    scope: str
    blocks: list[Block]
    methods: list[str]
    tables: list[Array]
    counts: list[NDArray[np.int64]]
    units: NDArray[np.int64]
    models: list[ByModel]
    uncounted: list[Array]
    failing: frozenset[str] = frozenset()
    absent: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        results: Results,
        headline: Ranking,
        scope: str,
        layers: list[Layer],
        methods: list[str],
        failing: frozenset[str],
    ) -> "Contest":
        """Gather the methods' tables; a scope of several blocks leaves out those in which no model passed."""
        layers = [layer for layer in layers if layer.block.passed] or layers
        counting, models = [layer.block for layer in layers], [layer.models for layer in layers]
        uncounted = [layer.uncounted.take(methods, headline)[0] for layer in layers]
        tables, counts, units = zip(*(b.take(methods, headline) for b in counting), strict=True)
        arrays = list(tables), list(counts), np.sum(units, axis=0), models, uncounted
        absent = refusals.of_ranking(headline, [layer.empty for layer in layers])
        return cls(results, headline, scope, counting, methods, *arrays, failing, absent)

    @cached_property
    def sign(self) -> int:
        """1 where higher is better, else -1."""
        return 1 if self.results.metric(self.headline.metric)["higher_is_better"] else -1

    def roles(self) -> list[str]:
        """The role of each method."""
        role_of = dict(zip(self.results.methods["method"], self.results.methods["role"], strict=True))
        return [str(role_of.get(name, "method")) for name in self.methods]

    @cached_property
    def rankable(self) -> bool:
        """Whether any method is shown to be better than every control that sees no model; so where none was run.

        Shown by the interval of its lead over each of them, and by means where too little is known for intervals.
        """
        reads = dict(zip(self.results.methods["method"], self.results.methods["reads_model"], strict=True))
        known = [m for m in np.flatnonzero(~np.isnan(self.score.mean)) if self._alone[m] != PARTIAL]
        roles = self.roles()
        blind = [m for m in known if roles[m] == "control" and not reads[self.methods[m]]]
        able = [m for m in known if roles[m] == "method" and self._alone[m] in WHOLE]
        if not able or not blind:
            return True
        lead = equal_weight_mean(leads(self.better, np.repeat(able, len(blind)), np.tile(blind, len(able))))
        low = lead.interval()[0]
        least = (lead.mean if np.isnan(low).all() else low).reshape(len(able), len(blind))
        return bool((least > 0).all(axis=1).any())

    def chance(self) -> float:
        """What a map without information scores: as the metric declares, or else what the constant map has here."""
        if self.results.declares_chance(self.headline.metric) or CONSTANT not in self.methods:
            return float(self.results.metric(self.headline.metric)["chance"])
        return float(self.score.mean[self.methods.index(CONSTANT)])

    @cached_property
    def native(self) -> Array:
        """(M,): of a CAM method, what the truth itself scores on the grid of the layer that it reads; else NaN."""
        return native.ceilings(self.results.methods, self.headline.truth, self.methods, self.score.mean)

    @cached_property
    def score(self) -> MeanEstimate:
        """Means of all methods (M,), the simulators weighing equally, each over the simulators it has values in."""
        return equal_weight_mean(self.tables)

    @cached_property
    def better(self) -> list[Array]:
        """Per block the tables (M, D, I), higher is better."""
        return [self.sign * table for table in self.tables]

    def seeds_behind(self) -> Codes:
        """(M,): data seeds with a value, in the simulator that has the fewest."""
        return fewest(np.stack([seeds_behind(table) for table in self.tables]))

    def subjects_behind(self) -> Codes:
        """(M,): subjects with a value, in all simulators together."""
        return np.sum([subjects_behind(t, b.subjects) for t, b in zip(self.tables, self.blocks, strict=True)], axis=0)

    def statuses(self) -> list[str]:
        """Of each method, the last of these that holds.

        `ok`, `preview`, `no interval`, `partial`, `too coarse`, `fails sanity`, `not rankable`, `below gate`, or where
        it has no value the word of that: `unsupported`, `undefined`, `failed`.
        """
        names = self._alone if self.rankable else np.full(len(self.methods), NOT_RANKABLE, object)
        names = np.where(any(b.passed for b in self.blocks), names, BELOW_GATE)
        states = [state for state, _ in self.whys()]
        return [str(name) for name in np.where(self.units == 0, states, names)]

    @cached_property
    def _alone(self) -> NDArray[np.object_]:
        """(M,): the status of each method by its own scores, whatever the others have."""
        ranked = [m for m, role in enumerate(self.roles()) if role == "method"] or list(range(len(self.methods)))
        lacking = np.any([(c < c[ranked].max(0)).any((-2, -1)) for c in self.counts], axis=0)
        firm = np.where(self.previews() == "", "ok", ONLY_PREVIEW).astype(object)
        certain = np.where(np.isnan(self.score.interval()[0]), NO_INTERVAL, firm)
        names = np.where(lacking, PARTIAL, certain)
        room = self.sign * (self.native - self.chance())
        names = np.where(room < native.LEAST, TOO_COARSE, names)
        return np.where([name in self.failing for name in self.methods], FAILS_SANITY, names)

    def whys(self) -> list[tuple[str, str]]:
        """(state, reason) of each method, as far as it has no value."""
        strata = f", in subjects that are {' or '.join(self.headline.strata)}" if self.headline.strata else ""
        nothing = refusals.UNDEFINED, f"no model that counts gave it a value{strata}"
        return [
            self.absent.get(name, nothing) if not units else ("", "")
            for name, units in zip(self.methods, self.units, strict=True)
        ]

    def entitled(self, statuses: list[str]) -> list[int]:
        """The methods that have every cell and an interval and are no preview; neither controls nor oracles."""
        return [m for m, role in enumerate(self.roles()) if role == "method" and statuses[m] == "ok"]

    def previews(self) -> NDArray[np.object_]:
        """(M,): the reason why what is said of a method is a preview, and it has no rank; "" where it is none."""
        return previews(self.seeds_behind(), self.subjects_behind())

    @cached_property
    def partial_order(self) -> tuple[list[int], Pairs]:
        """The entitled methods, and which of them (row) is shown to be better than which (column), for all at once."""
        rows = np.array(self.entitled(self.statuses()), dtype=int)
        ones, others = np.triu_indices(len(rows), 1)
        scores = np.zeros((len(rows), len(rows)))
        if len(ones):
            scores[ones, others] = equal_weight_mean(leads(self.better, rows[ones], rows[others])).normal_score(CAUTION)
        return rows.tolist(), clear_leads(scores - scores.T)

    def _ranks(self) -> pd.DataFrame:
        """Rank, and whether others share it, of each entitled method among all and within its class of reference.

        What is below another by its mean never has a better rank, however little is known of it.
        """
        entitled, better = self.partial_order
        mean = self.sign * self.score.mean[entitled]
        kind = self.results.methods.set_index("method")["reference_class"]
        classes = kind[[self.methods[m] for m in entitled]].to_numpy()
        alike = classes[:, None] == classes
        above = mean[:, None] >= mean
        places = _no_better_than(1 + better.sum(0), above)
        within = _no_better_than(1 + (better & alike).sum(0), above & alike)
        shared = (places[:, None] == places).sum(0) > 1
        return pd.DataFrame({"rank": places, "class_rank": within, "tied": shared}, entitled)

    def table(self) -> pd.DataFrame:
        """The leaderboard rows of this contest, best first."""
        score, statuses = self.score, self.statuses()
        low, high = score.interval()
        ranks = self._ranks().reindex(self._index)
        rows = pd.DataFrame({"method": self.methods, "role": self.roles()})
        rows["mean"], rows["low"], rows["high"] = score.mean, low, high
        for name in ("rank", "class_rank"):
            rows[name] = ["" if np.isnan(place) else str(int(place)) for place in ranks[name].astype(float)]
        rows["tied"] = ranks["tied"].fillna(False).astype(bool)
        classes = self.results.methods.set_index("method")["reference_class"]
        rows["reference_class"] = classes.reindex(self.methods).to_numpy()
        rows["status"], rows["n_units"] = statuses, self.units
        rows["reason"] = [reason for _, reason in self.whys()]
        rows["n_data_seeds"] = self.seeds_behind()
        rows["n_subjects"] = self.subjects_behind()
        rows["n_simulators"] = np.sum([c.any((-2, -1)) for c in self.counts], axis=0)
        rows["native_ceiling"] = self.native
        rows["chance"] = self.chance()
        rows["preview"] = self.previews()
        rows = pd.concat([rows, self._gains(score.mean), self._left_out()], axis=1)
        return rows.assign(best=-self.sign * rows["mean"]).sort_values(["best", "method"]).drop(columns="best")

    def _gains(self, mean: Array) -> pd.DataFrame:
        """Lead of every method over the best control of this contest."""
        controls = [m for m, role in enumerate(self.roles()) if role == "control" and not np.isnan(mean[m])]
        if not controls:
            return pd.DataFrame({"control": "", "gain": np.nan, "gain_low": np.nan, "gain_high": np.nan}, self._index)
        best = max(controls, key=lambda m: self.sign * mean[m])
        gains = dict(zip(("gain", "gain_low", "gain_high"), self._leads(self.better, best), strict=True))
        is_best = np.arange(len(mean)) == best
        return pd.DataFrame({name: np.where(is_best, np.nan, gain) for name, gain in gains.items()}).assign(
            control=self.methods[best]
        )

    def _left_out(self) -> pd.DataFrame:
        """Lead of every method over the constant map among the subjects that the ranking does not count."""
        names = ["elsewhere", "elsewhere_low", "elsewhere_high"]
        tables = [self.sign * table for table in self.uncounted if table.size]
        if CONSTANT not in self.methods or not tables:
            return pd.DataFrame(dict.fromkeys(names, np.nan), self._index)
        estimates = self._leads(tables, self.methods.index(CONSTANT))
        return pd.DataFrame(dict(zip(names, estimates, strict=True)))

    def _leads(self, tables: list[Array], other: int) -> tuple[Array, Array, Array]:
        """Leads (M,) of every method over one, and the ends of their intervals."""
        value = equal_weight_mean(leads(tables, list(self._index), [other] * len(self.methods)))
        return value.mean, *value.interval()

    @property
    def _index(self) -> range:
        return range(len(self.methods))


def _no_better_than(ranks: Codes, above: NDArray[np.bool_]) -> Codes:
    """Ranks (E,), none better than that of a method (row) that is above it (column)."""
    return np.where(above, ranks[:, None], 1).max(0, initial=1)


def contests(results: Results, blocks: Blocks, headline: Ranking, network: str, judged: pd.DataFrame) -> list[Contest]:
    """The contests of one ranking and network: over each group, then each simulator. judged: `sanity.table`.

    Simulators on which no method is shown to find more than blind controls do are left out of their group, unless it
    has no other.
    """
    parts = [table[headline.ranking] for table in (blocks.headline, blocks.by_model, blocks.uncounted)]
    empty = [blocks.empty[block.simulator, block.network] for block in blocks.headline[headline.ranking]]
    by_simulator = {
        layer.block.simulator: layer for layer in map(Layer, *parts, empty) if layer.block.network == network
    }
    methods = sorted(results.methods["method"])

    def contest(scope: str, layers: list[Layer]) -> Contest:
        failing = frozenset(sanity.failures(judged, network, scope))
        return Contest.of(results, headline, scope, layers, methods, failing)

    single = {name: contest(name, [by_simulator[name]]) for name in results.simulators if name in by_simulator}
    members = {group: [name for name in names if name in single] for group, names in results.groups.items()}
    over = []
    for group, names in members.items():
        counting = [name for name in names if single[name].rankable] or names
        over += [contest(group, [by_simulator[name] for name in counting])] if names else []
    return [*over, *single.values()]
