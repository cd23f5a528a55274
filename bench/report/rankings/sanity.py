"""Sanity verdicts, does a map depend on what was learnt: metrics with a floor, judged by where their intervals lie.

A metric names a floor where a map that depends on nothing learnt would come to lie there or beyond, e.g. similarity to
the map of a randomised model less the similarity of different subjects' maps (Adebayo et al., NeurIPS 2018; the floor
after Arun et al., Radiology: AI 2021). To pass, the whole interval lies on the better side of it; to fail, none of it.
"""

import numpy as np
import pandas as pd

from bench.columns.aggregated import SANITY
from bench.report.load.results import Results
from bench.report.statistics.intervals import ENOUGH_DATA_SEEDS, PREVIEW

PASSED, FAILED, UNCLEAR, UNDEFINED = "passed", "failed", "unclear", "undefined"


def table(results: Results, cells: pd.DataFrame) -> pd.DataFrame:
    """One row per cell of `means.table` whose metric has a floor and whose models passed the gate; columns of SANITY.

    verdict: `passed`, `failed`, `unclear` (the interval holds the floor), `undefined` (no interval), or the reason why
    it is only a preview.
    """
    rows = cells.merge(results.metrics[["metric", "floor", "higher_is_better"]], on="metric")
    rows = rows[rows["floor"].notna() & (rows["gate"] == "passed")]
    return rows.assign(verdict=_verdicts(rows))[SANITY.names].reset_index(drop=True)


def _verdicts(rows: pd.DataFrame) -> np.ndarray:
    """(R,) verdicts on rows with low, high, floor, higher_is_better and n_data_seeds."""
    sign = np.where(rows["higher_is_better"].to_numpy(dtype=bool), 1, -1)
    ends = [sign * (rows[end] - rows["floor"]).to_numpy(dtype=float) for end in ("low", "high")]
    worst, best = np.minimum(*ends), np.maximum(*ends)
    few = (rows["n_data_seeds"] < ENOUGH_DATA_SEEDS).to_numpy()
    cases = [few, np.isnan(worst), worst > 0, best <= 0]
    return np.select(cases, [PREVIEW, UNDEFINED, PASSED, FAILED], UNCLEAR)


def failures(rows: pd.DataFrame, network: str, scope: str) -> dict[str, list[str]]:
    """method -> the metrics that it fails on a network, on one simulator or over a group."""
    mine = rows[(rows["network"] == network) & (rows["simulator"] == scope) & (rows["verdict"] == FAILED)]
    return {str(method): sorted(metrics) for method, metrics in mine.groupby("method")["metric"]}
