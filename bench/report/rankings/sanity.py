"""Whether maps depend on what was learnt: metrics with a floor, judged by where their intervals lie.

A metric names a floor where a map that depends on nothing learnt would come to lie there or beyond, e.g. similarity to
the map of a randomised model less the similarity of different subjects' maps (Adebayo et al., NeurIPS 2018; the floor
after Arun et al., Radiology: AI 2021). To pass, the whole interval lies on the better side of it; to fail, none of it.
"""

import numpy as np
import pandas as pd

from bench.report.load import optional
from bench.report.load.study import Study
from bench.report.statistics.intervals import ENOUGH_DATA_SEEDS, PREVIEW

PASSED, FAILED, UNCLEAR, UNDEFINED = "passed", "failed", "unclear", "undefined"
CELL = ["simulator", "network", "method", "metric", "truth"]
COLUMNS = [*CELL, "floor", "mean", "low", "high", "n_data_seeds", "verdict"]


def table(study: Study, cells: pd.DataFrame) -> pd.DataFrame:
    """One row a cell of `cells.table` whose metric has a floor and whose models passed the gate; columns COLUMNS.

    verdict: `passed`, `failed`, `unclear` (the interval holds the floor), `undefined` (no interval), or the reason why
    it is only a preview.
    """
    told = optional.metrics(study.folder).assign(higher=study.metrics["higher_is_better"])
    rows = cells.merge(told[["floor", "higher"]].assign(metric=study.metrics["metric"]), on="metric")
    rows = rows[rows["floor"].notna() & (rows["gate"] == "passed")]
    return rows.assign(verdict=_verdicts(rows))[COLUMNS].reset_index(drop=True)


def _verdicts(rows: pd.DataFrame) -> np.ndarray:
    """(R,) verdicts on rows with low, high, floor, higher and n_data_seeds."""
    sign = np.where(rows["higher"].to_numpy(dtype=bool), 1, -1)
    ends = [sign * (rows[end] - rows["floor"]).to_numpy(dtype=float) for end in ("low", "high")]
    worst, best = np.minimum(*ends), np.maximum(*ends)
    few = (rows["n_data_seeds"] < ENOUGH_DATA_SEEDS).to_numpy()
    cases = [few, np.isnan(worst), worst > 0, best <= 0]
    return np.select(cases, [PREVIEW, UNDEFINED, PASSED, FAILED], UNCLEAR)


def failures(rows: pd.DataFrame, network: str, scope: str = "all") -> dict[str, list[str]]:
    """method -> the metrics that it fails on a network, on one simulator or over all."""
    mine = rows[(rows["network"] == network) & (rows["simulator"] == scope) & (rows["verdict"] == FAILED)]
    return {str(method): sorted(own) for method, own in mine.groupby("method")["metric"]}
