"""The aggregated tables: leaderboard.csv (ranked), cells.csv (every metric), costs, gates and faults."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bench.report.cells import Block, Cells, pooled, seeds_behind, subjects_behind
from bench.report.cells import table as cells_table
from bench.report.intervals import ENOUGH_DATA_SEEDS, Array, Estimate, estimate
from bench.report.ranks import shared_ranks
from bench.report.schema import LEADERBOARD
from bench.report.study import Headline, Study

PREVIEW = f"preview: fewer than {ENOUGH_DATA_SEEDS} data seeds"
DECIMALS = 4
_GATE_MEANS = [
    *("auc", "auc_reference", "competence", "auc_off", "separability_asked", "separability_reached", "train_subjects")
]


@dataclass(frozen=True)
class Contest:
    """All methods under one ranking on one network, over the blocks of one scope (one simulator, or all).

    values: (M, D, I), the simulators of the scope averaged. counts: per block (M, D, I). units: (M,).
    """

    study: Study
    headline: Headline
    scope: str
    blocks: list[Block]
    methods: list[str]
    values: Array
    counts: list[NDArray[np.int64]]
    units: NDArray[np.int64]

    @classmethod
    def of(cls, study: Study, headline: Headline, scope: str, blocks: list[Block], methods: list[str]) -> "Contest":
        """Gather the methods' tables; a scope of several blocks leaves out those in which no model passed."""
        counting = [b for b in blocks if b.passed] or blocks
        taken = [b.take(methods, headline) for b in counting]
        units = np.sum([t[2] for t in taken], axis=0)
        values = pooled(counting, [t[0] for t in taken])
        return cls(study, headline, scope, counting, methods, values, [t[1] for t in taken], units)

    @property
    def sign(self) -> int:
        """1 where higher is better, else -1."""
        return 1 if self.study.metric(self.headline.metric)["higher_is_better"] else -1

    def roles(self) -> list[str]:
        """The role of each method."""
        return [self.study.role(name) for name in self.methods]

    def score(self) -> Estimate:
        """Means of all methods (M,), the simulators weighing equally, each over the simulators it has values in."""
        return estimate(self.values)

    def lead(self, one: int, other: int) -> tuple[float, float, float]:
        """How far `one` is better than `other`: paired difference with its 95 % interval, positive is better."""
        value = estimate(self.sign * (self.values[[one]] - self.values[[other]]))
        low, high = value.interval()
        return float(value.mean[0]), float(low[0]), float(high[0])

    def statuses(self) -> list[str]:
        """`ok`, `partial`, `below gate` or `undefined` for each method."""
        ranked = [m for m, role in enumerate(self.roles()) if role == "method"] or list(range(len(self.methods)))
        lacking = np.any([(c < c[ranked].max(0)).any((-2, -1)) for c in self.counts], axis=0)
        names = np.where(lacking, "partial", "ok")
        names = np.where(any(b.passed for b in self.blocks), names, "below gate")
        return [str(name) for name in np.where(self.units == 0, "undefined", names)]

    def ranks(self, mean: Array, statuses: list[str]) -> dict[int, int]:
        """Shared ranks of the methods that have every cell; controls and oracles are never ranked."""
        entitled = [m for m, role in enumerate(self.roles()) if role == "method" and statuses[m] == "ok"]
        order = sorted(entitled, key=lambda m: (-self.sign * mean[m], self.methods[m]))
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
        rows["n_subjects"] = subjects_behind(self.values)
        rows["n_simulators"] = np.sum([c.any((-2, -1)) for c in self.counts], axis=0)
        rows["preview"] = np.where(rows["n_data_seeds"] < ENOUGH_DATA_SEEDS, PREVIEW, "")
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


def leaderboard(study: Study, cells: Cells | None = None) -> pd.DataFrame:
    """One row per (ranking, simulator incl. `all`, network, method), sorted and rounded: what leaderboard.csv holds."""
    cells = cells or Cells.read(study)
    rows = [
        contest.table().assign(
            ranking=headline.ranking, metric=headline.metric, truth=headline.truth, view=headline.view,
            simulator=contest.scope, network=network,
        )
        for headline in study.headlines
        for network in study.networks
        for contest in contests(study, cells, headline, network)
    ]  # fmt: skip
    return pd.concat([pd.DataFrame(columns=LEADERBOARD), *rows], ignore_index=True).round(DECIMALS)[LEADERBOARD]


def contests(study: Study, cells: Cells, headline: Headline, network: str) -> list[Contest]:
    """The contests of one ranking and network: over all simulators, then each simulator."""
    blocks = {b.simulator: b for b in cells.headline[headline.ranking] if b.network == network}
    methods = sorted(study.methods["method"])
    scopes = {"all": list(blocks.values())} | {s: [blocks[s]] for s in study.simulators if s in blocks}
    return [Contest.of(study, headline, scope, chosen, methods) for scope, chosen in scopes.items() if chosen]


def costs(study: Study) -> pd.DataFrame:
    """costs.csv: per stage, network (and method where maps are made): cells, mean and total seconds, passes, MB."""
    rows = study.costs.assign(method=study.costs["method"].fillna("").where(study.costs["stage"] == "attribute", ""))
    grouped = rows.groupby(["stage", "network", "method"], observed=True)
    table = grouped.agg(
        n=("seconds", "size"), seconds=("seconds", "mean"), seconds_total=("seconds", "sum"),
        forward=("forward", "mean"), backward=("backward", "mean"), peak_mb=("peak_mb", "max"),
    )  # fmt: skip
    return table.reset_index().round(DECIMALS)


def gates(study: Study) -> pd.DataFrame:
    """gates.csv: per simulator and network the models, how many passed, their mean AUC and competence."""
    grouped = study.models.groupby(["simulator", "network"], sort=False)
    table = grouped.agg(
        **{"n_models": ("auc", "size"), "n_passed": ("passed", "sum")}, **{name: (name, "mean") for name in _GATE_MEANS}
    )
    return table.reset_index().round(DECIMALS)


def faults(study: Study) -> pd.DataFrame:
    """faults.csv: failures.csv with equal rows of several models counted once, the most frequent first."""
    keys = ["status", "stage", "network", "method", "metric", "reason"]
    counted = study.failures.groupby(keys, sort=True).size().reset_index(name="n")
    return counted.sort_values(["n", *keys], ascending=[False] + [True] * len(keys)).reset_index(drop=True)


def write(study: Study, cells: Cells) -> dict[str, pd.DataFrame]:
    """Write leaderboard, cells, costs, gates and faults (.csv) into the study's folder and return them by name."""
    tables = {
        "leaderboard": leaderboard(study, cells),
        "cells": cells_table(study, cells.blocks).round(6),
        "costs": costs(study),
        "gates": gates(study),
        "faults": faults(study),
    }
    for name, table in tables.items():
        table.to_csv(study.folder / f"{name}.csv", index=False, lineterminator="\n")
    return tables
