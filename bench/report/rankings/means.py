"""The mean of every metric with its interval, per method, simulator and network: what cells.csv holds."""

import numpy as np
import pandas as pd

from bench.report.load.results import Results
from bench.report.rankings.block import Block, fewest, seeds_behind, subjects_behind
from bench.report.statistics.arrays import GROUP, Codes
from bench.report.statistics.intervals import Array, MeanEstimate, mean_estimate, of_models
from bench.report.statistics.simulators import combined

#: the simulators of a study together
ALL = "all"
_CASE = ("metric", "truth", "view")


def table(results: Results, blocks: list[Block]) -> pd.DataFrame:
    """One row per (simulator, network, method, metric, truth, view): the mean, its interval and what stands behind it.

    The rows of a group weigh its simulators equally, and those of `ALL` the simulators of the study, which ranks
    nothing: what a ranking goes by has no such row. They leave out simulators where no model of the network passed the
    gate, unless none passed anywhere. n_simulators tells how many a row rests on.
    """
    rows = [_block_table(b) for b in blocks]
    scopes = {ALL: results.simulators, **results.groups}
    for network in sorted({b.network for b in blocks}):
        for scope, names in scopes.items():
            mine = [b for b in blocks if b.network == network and b.simulator in names]
            rows += [_pooled(scope, [b for b in mine if b.passed] or mine)] if mine else []
    cells = within_bounds(results, _without_rankings(results, pd.concat(rows, ignore_index=True)))
    places = cells["simulator"].map({name: place for place, name in enumerate([*scopes, *results.simulators])})
    order = cells.assign(place=places).sort_values(["network", "metric", "truth", "view", "place", "method"]).index
    return cells.loc[order].reset_index(drop=True)


def within_bounds(results: Results, rows: pd.DataFrame) -> pd.DataFrame:
    """Rows whose intervals end where the values of their metric do; columns of a metric have no bounds of their own."""
    bounds = results.metrics.set_index("metric")[["low", "high"]].reindex(rows["metric"])
    low, high = (bounds[name].to_numpy(dtype=float) for name in ("low", "high"))
    return rows.assign(low=rows["low"].mask(rows["low"] < low, low), high=rows["high"].mask(rows["high"] > high, high))


def _block_table(b: Block) -> pd.DataFrame:
    score = estimated_means(b.values, b.subjects)
    rows = _rows(b.simulator, b.network, b.groups, score).assign(gate="passed" if b.passed else "below gate")
    return rows.assign(**_behind(b.values, b.subjects), n_simulators=1, n_units=b.units)


def _without_rankings(results: Results, cells: pd.DataFrame) -> pd.DataFrame:
    """The rows but for the means over all simulators of what rankings go by."""
    ranked = [cells[list(_CASE)].eq([h.metric, h.truth, h.view]).all(axis=1) for h in results.headlines]
    return cells[~((cells["simulator"] == ALL) & np.any(ranked, axis=0))] if ranked else cells


def _pooled(scope: str, blocks: list[Block]) -> pd.DataFrame:
    """Rows of a scope: every method, metric, truth and view over the blocks it has values in."""
    keys = pd.concat([b.groups for b in blocks]).drop_duplicates().sort_values(GROUP).reset_index(drop=True)
    rows_in = [keys.merge(b.groups.reset_index(), on=GROUP, how="left")["index"].fillna(-1) for b in blocks]
    taken = [b.at(rows.to_numpy(dtype=int)) for b, rows in zip(blocks, rows_in, strict=True)]
    tables, units = [values for values, _, _ in taken], [count for _, _, count in taken]
    held = np.stack([u > 0 for u in units])
    passed = (held <= np.array([[b.passed] for b in blocks])).all(0)
    score = combined([estimated_means(values, b.subjects) for b, values in zip(blocks, tables, strict=True)])
    rows = _rows(scope, blocks[0].network, keys, score).assign(gate=np.where(passed, "passed", "below gate"))
    behind = [_behind(values, b.subjects) for b, values in zip(blocks, tables, strict=True)]
    seeds, subjects = (np.stack([one[name] for one in behind]) for name in ("n_data_seeds", "n_subjects"))
    rows["n_data_seeds"], rows["n_subjects"] = fewest(seeds), subjects.sum(0)
    return rows.assign(n_simulators=held.sum(0), n_units=np.sum(units, axis=0))


def _rows(simulator: str, network: str, groups: pd.DataFrame, score: MeanEstimate) -> pd.DataFrame:
    start = pd.DataFrame({"simulator": simulator, "network": network}, index=range(len(groups)))
    low, high = score.interval()
    numbers = pd.DataFrame({"mean": score.mean, "low": low, "high": high})
    return pd.concat([start, groups.reset_index(drop=True), numbers], axis=1)


def _behind(values: Array, subjects: Codes) -> dict[str, Codes]:
    return {"n_data_seeds": seeds_behind(values), "n_subjects": subjects_behind(values, subjects)}


def estimated_means(values: Array, subjects: Codes) -> MeanEstimate:
    """The estimate of tables (G, D, I); one that has values of whole models alone has no subjects to vary over."""
    score = mean_estimate(values)
    if (subjects < 0).any():
        whole = subjects_behind(values, subjects) == 0
        models = of_models(values[whole][:, :, subjects < 0][:, :, 0])
        score.mean[whole], score.parts[whole] = models.mean, models.parts * [1, 0]
        score.freedom[whole], score.third[whole] = models.freedom, 0.0
    return score
