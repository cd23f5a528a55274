"""The table of what moved between two studies: a row for each mean of a ranking that either has."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bench.columns.between import DRIFT
from bench.columns.declaration import CONTEST, METHOD
from bench.report.drift.sides import ComparedStudy, score_differences
from bench.report.statistics.intervals import MeanEstimate
from bench.report.statistics.simulators import combined

KEYS = [*CONTEST.names, *METHOD.names]
#: on one machine and set of versions scores repeat bit by bit; elsewhere rounding moves trained models, and a mean over
#: them may lie this far from the published one, or this share of it where it is larger than 1, before it counts
TOLERANCE = 0.1
#: what a change is called, the two that count as drift first
MOVED, GONE, NEW, WITHIN = "moved", "gone", "new", "within"
DRIFTED = (MOVED, GONE)


def drift(earlier: Path, later: Path) -> pd.DataFrame:
    """What moved from the tables of one folder to those of another, with the columns DRIFT.

    A mean has moved where the difference lies beyond the tolerance and its interval leaves out zero; one without an
    interval, where it lies beyond the tolerance. Raises BadTables.
    """
    old, new = ComparedStudy.of(earlier), ComparedStudy.of(later)
    columns = [*KEYS, "mean", "rank"]
    rows = old.board[columns].merge(new.board[columns], "outer", KEYS, suffixes=("_old", "_new"), sort=False)
    names = {"mean_old": "before", "mean_new": "after", "rank_old": "rank_before", "rank_new": "rank_after"}
    rows = rows.rename(columns=names).dropna(subset=["before", "after"], how="all")
    parts = [pd.DataFrame(part, columns=[*KEYS, *_NUMBERS]) for part in _differences(old, new, rows)]
    known = pd.concat(parts) if parts else pd.DataFrame(columns=[*KEYS, *_NUMBERS])
    rows = rows.merge(known, "left", KEYS).fillna({"rank_before": "", "rank_after": ""})
    rows["paired"] = rows["paired"].eq(True)
    return rows.assign(change=_changes(rows))[DRIFT.names].sort_values(KEYS, ignore_index=True)


def beyond(difference: Any, before: Any) -> Any:
    """Whether differences lie beyond the tolerance of what was published."""
    return np.abs(difference) > TOLERANCE * np.maximum(1.0, np.abs(before))


_NUMBERS = ["difference", "low", "high", "paired"]


def _differences(old: ComparedStudy, new: ComparedStudy, rows: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """The columns _NUMBERS of the rows that both studies have, contest by contest."""
    both = rows.dropna(subset=["before", "after"])
    headlines = {headline.ranking: headline for headline in new.results.headlines}
    for contest, group in both.groupby(CONTEST.names, sort=False):
        where = dict(zip(CONTEST.names, map(str, contest), strict=True))
        headline, scope, network = headlines[where["ranking"]], where["simulator"], where["network"]
        methods = list(group["method"])
        later = new.members(headline, scope, network)
        members = [name for name in old.members(headline, scope, network) if name in later]
        if members:
            compared = [score_differences(old, new, headline, name, network, methods) for name in members]
            mean, paired = combined([estimate for estimate, _ in compared]), all(one for _, one in compared)
            yield {**where, "method": methods, **_numbers(mean), "paired": paired}


def _numbers(estimate: MeanEstimate) -> dict[str, Any]:
    low, high = estimate.interval()
    return {"difference": estimate.mean.round(4), "low": low.round(4), "high": high.round(4)}


def _changes(rows: pd.DataFrame) -> Any:
    """The column `change`."""
    difference = rows["difference"].astype(float).fillna(rows["after"] - rows["before"])
    spans = (rows["low"].astype(float) <= 0) & (rows["high"].astype(float) >= 0)
    cases = [rows["after"].isna(), rows["before"].isna(), beyond(difference, rows["before"]) & ~spans]
    return np.select(cases, [GONE, NEW, MOVED], WITHIN)
