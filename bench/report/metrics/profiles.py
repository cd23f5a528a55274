"""Mean maps of models by region: distances between methods, and what detectors of shortcuts read."""

from itertools import combinations

import numpy as np
import pandas as pd

from bench.columns import declaration
from bench.columns.aggregated import DISTANCES
from bench.columns.declaration import PLACE
from bench.columns.metric_names import SIDES, MetricName, RegionColumn, label_of

#: metric whose columns of `SIDES` hold the mean share of a region
MEAN_MAPS = "mean_maps"
UNIT = [*declaration.UNIT.names, "method"]
_COLUMNS = DISTANCES.after(PLACE)


def by_region(metric: str) -> bool:
    """True for the column of one region, of which a page would show too many."""
    return RegionColumn.of(MetricName.of(metric).column) is not None


def profiles(scores: pd.DataFrame) -> pd.DataFrame:
    """Shares by model and method from the scores of a partition; columns UNIT, then one per side and region.

    Models or methods without mean maps have no row.
    """
    named = {name: MetricName.of(name) for name in scores["metric"].unique()}
    mean_maps = label_of(MEAN_MAPS, {n.metric for n in named.values()})
    wanted = {name: n.column for name, n in named.items() if n.metric == mean_maps and _side(n.column)}
    rows = scores[scores["metric"].isin(wanted) & (scores["status"] == "ok")]
    rows = rows.astype(dict.fromkeys(("simulator", "network", "method", "metric"), str))
    rows = rows.assign(metric=rows["metric"].map(wanted))
    return rows.pivot_table(index=UNIT, columns="metric", values="value").rename_axis(columns=None).reset_index()


def distances(table: pd.DataFrame) -> pd.DataFrame:
    """One row per side and pair of methods of one simulator and network; columns of DISTANCES.

    The Euclidean distance between the mean maps of two methods under one model (Rieke et al., MLCN 2018), the maps of
    sum 1 registered by region, mean over models: 0 the same shares, at most the square root of 2.
    """
    rows = []
    models = [m.set_index("method") for _, m in table.groupby(UNIT[:-1])]
    for side in SIDES:
        columns = [c for c in table.columns if _side(c) == side]
        for one, other in combinations(sorted(set(table["method"])), 2):
            both = [m.loc[[one, other], columns] for m in models if one in m.index and other in m.index]
            apart = [float(np.linalg.norm(pair.diff().iloc[1])) for pair in both]
            known = [value for value in apart if np.isfinite(value)]
            if known:
                rows.append([side, one, other, float(np.mean(known)), len(known)])
    return pd.DataFrame(rows, columns=_COLUMNS)


def _side(column: str) -> str:
    """The group of subjects whose mean share of the map a column holds, or ""."""
    region = RegionColumn.of(column)
    return region.quantity if region and region.quantity in SIDES else ""
