"""Sentences on what moved between two studies, for the terminal and for the changes of editions."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from bench.report.drift.compared import DRIFTED, GONE, MOVED, NEW, TOLERANCE

#: what is a drift, in words
RULE = (
    f"A mean has moved where it changed by more than {TOLERANCE:g} (by more than a tenth of itself where it is larger "
    "than 1) and the 95 % interval of the paired difference leaves out zero."
)


def drift_sentences(table: pd.DataFrame) -> list[str]:
    """One sentence a mean that has drifted, those that moved furthest first."""
    rows = table[table["change"].isin(DRIFTED)]
    furthest = rows["difference"].abs().sort_values(ascending=False, kind="stable").index
    return [_sentence(row) for row in rows.loc[furthest].to_dict("records")]


def drift_summary(table: pd.DataFrame) -> str:
    """One sentence on the whole table."""
    counts = table["change"].value_counts()
    moved, gone, new = (int(counts.get(change, 0)) for change in (MOVED, GONE, NEW))
    both = table.dropna(subset=["difference"])
    furthest = f", none by more than {both['difference'].abs().max():.3f}" if len(both) else ""
    return f"{len(both)} means compared{furthest}: {moved} moved, {gone} gone, {new} new"


def has_drifted(table: pd.DataFrame) -> bool:
    """Whether any mean has."""
    return bool(table["change"].isin(DRIFTED).any())


def _sentence(row: Mapping[Any, Any]) -> str:
    where = " / ".join(str(row[name]) for name in ("ranking", "simulator", "network", "method"))
    if row["change"] == GONE:
        return f"{where}: {row['before']:.3f}, and no mean any more"
    known = not pd.isna(row["low"])
    interval = f" [{row['low']:+.3f}, {row['high']:+.3f}]" if known else ", too little for an interval"
    by = row["difference"] if not pd.isna(row["difference"]) else row["after"] - row["before"]
    return f"{where}: {row['before']:.3f} became {row['after']:.3f}, {by:+.3f}{interval}"
