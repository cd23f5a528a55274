"""The mean of every metric with its interval, per method, simulator and network: what cells.csv holds."""

import numpy as np
import pandas as pd

from bench.report.load.results import Results
from bench.report.rankings.block import Block, pooled_blocks, seeds_behind, subjects_behind
from bench.report.statistics.arrays import GROUP, Codes
from bench.report.statistics.intervals import Array, mean_estimate, of_models


def table(results: Results, blocks: list[Block]) -> pd.DataFrame:
    """One row per (simulator, network, method, metric, truth, view): the mean, its interval and what stands behind it.

    The rows with simulator `all` weigh the simulators equally; they leave out simulators where no model of the
    network passed the gate, unless none passed anywhere. n_simulators tells how many a row rests on.
    """
    rows = [_block_table(b) for b in blocks]
    for network in sorted({b.network for b in blocks}):
        mine = [b for b in blocks if b.network == network]
        rows.append(_pooled([b for b in mine if b.passed] or mine))
    cells = pd.concat(rows, ignore_index=True)
    places = cells["simulator"].map({name: place for place, name in enumerate(["all", *results.simulators])})
    order = cells.assign(place=places).sort_values(["network", "metric", "truth", "view", "place", "method"]).index
    return cells.loc[order].reset_index(drop=True)


def _block_table(b: Block) -> pd.DataFrame:
    rows = _rows(b.simulator, b.network, b.passed, b.groups, b.values, b.subjects)
    return rows.assign(n_simulators=1, n_units=b.units)


def _pooled(blocks: list[Block]) -> pd.DataFrame:
    """Rows `all`: every group over the blocks it has values in."""
    keys = pd.concat([b.groups for b in blocks]).drop_duplicates().sort_values(GROUP).reset_index(drop=True)
    rows_in = [keys.merge(b.groups.reset_index(), on=GROUP, how="left")["index"].fillna(-1) for b in blocks]
    taken = [b.at(rows.to_numpy(dtype=int)) for b, rows in zip(blocks, rows_in, strict=True)]
    tables, units = [values for values, _, _ in taken], [count for _, _, count in taken]
    held = np.stack([u > 0 for u in units])
    passed = (held <= np.array([[b.passed] for b in blocks])).all(0)
    values, _, subjects = pooled_blocks(blocks, tables)
    rows = _rows("all", blocks[0].network, True, keys, values, subjects)
    return rows.assign(
        gate=np.where(passed, "passed", "below gate"), n_simulators=held.sum(0), n_units=np.sum(units, axis=0)
    )


def _rows(
    simulator: str, network: str, passed: bool, groups: pd.DataFrame, values: Array, subjects: Codes
) -> pd.DataFrame:
    mean, low, high = _estimated(values, subjects)
    start = pd.DataFrame({"simulator": simulator, "network": network}, index=range(len(groups)))
    numbers = pd.DataFrame({
        "mean": mean, "low": low, "high": high, "gate": "passed" if passed else "below gate",
        "n_data_seeds": seeds_behind(values), "n_subjects": subjects_behind(values, subjects),
    })  # fmt: skip
    return pd.concat([start, groups.reset_index(drop=True), numbers], axis=1)


def _estimated(values: Array, subjects: Codes) -> tuple[Array, Array, Array]:
    """(mean, low, high) of tables (G, D, I); one that has values of whole models alone has no subjects to vary over."""
    score, whole = mean_estimate(values), subjects_behind(values, subjects) == 0
    ends = np.stack([score.mean, *score.interval()])
    if (subjects < 0).any():
        models = of_models(values[whole][:, :, subjects < 0][:, :, 0])
        ends[:, whole] = models.mean, *models.interval()
    mean, low, high = ends
    return mean, low, high
