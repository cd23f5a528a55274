"""The validity matrix of a study: metrics without a value by construction, and gaps where there should be one."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bench.report.load.results import Results
from bench.report.statistics.arrays import models

_CELL = ["method", "metric", "truth"]
#: what methods share: with a value of one of them, none is missing because of the model, the subject or the truth
_PLACE = ["data_seed", "model_seed", "subject", "split", "view", "metric", "truth"]


@dataclass(frozen=True)
class MatrixRow:
    """One simulator and truth, as row numbers of validity.csv: the row of each metric, and one row per reason."""

    cells: dict[str, int]
    reasons: list[int]


def matrix(table: pd.DataFrame) -> list[MatrixRow]:
    """The matrix with one row per simulator and truth, in the order of the table."""
    lines = []
    for _, rows in table.groupby(["simulator", "truth"], sort=False):
        reasons = rows[~rows["defined"]].drop_duplicates("reason").index
        cells = dict(zip(rows["metric"], rows.index, strict=True))
        lines.append(MatrixRow(cells, list(reasons)))
    return lines


def count(results: Results, simulator: str, network: str, scores: pd.DataFrame) -> pd.DataFrame:
    """Rows of a partition by method, metric and truth: `rows` of any status and `ok`, those with a value.

    Under models that passed the gate (one that has learnt nothing uses no region): `undefined` rows, and where another
    method has a value all `shared` rows and those that are undefined, `alone`.
    """
    ok, undefined = ((scores["status"] == status).to_numpy() for status in ("ok", "undefined"))
    judged = _judged(results, simulator, network, scores)
    gap = undefined & judged
    known = _known(scores, ok & judged, scores["metric"].isin(scores["metric"][gap].unique()).to_numpy())
    shared = known & (ok | undefined) & judged
    flags = {"rows": True, "ok": ok, "undefined": gap, "shared": shared, "alone": gap & known}
    counted = scores[_CELL].assign(**flags).groupby(_CELL, observed=True).sum().reset_index()
    return counted.assign(simulator=simulator, network=network).astype(dict.fromkeys(_CELL, str))


def _judged(results: Results, simulator: str, network: str, scores: pd.DataFrame) -> np.ndarray:
    """(R,) bool: rows of models that passed, and of all models together if any passed."""
    here = results.models[(results.models["simulator"] == simulator) & (results.models["network"] == network)]
    passed = here.loc[here["passed"], ["data_seed", "model_seed"]].itertuples(index=False, name=None)
    counted = {*passed, (-1, -1)} if here["passed"].any() else set()
    names, unit = models(scores)
    return np.array([tuple(name) in counted for name in names.tolist()], dtype=bool)[unit]


def _known(scores: pd.DataFrame, ok: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """(R,) bool: rows asked for in whose place any method has a value."""
    known, some = np.zeros(len(scores), dtype=bool), scores[asked]
    known[asked] = pd.Series(ok[asked], some.index).groupby([some[n] for n in _PLACE], observed=True).transform("any")
    return known


def undefined(results: Results, simulator: str) -> set[tuple[str, str]]:
    """(metric, truth) of a simulator that have no value by construction."""
    table = results.validity
    table = table[(table["simulator"] == simulator) & ~table["defined"]]
    return set(zip(table["metric"], table["truth"], strict=True))


def gaps(results: Results, counted: pd.DataFrame) -> Iterator[str]:
    """Cells that the matrix calls defined and that have no rows or no value, and undefined ones that have values.

    counted: what `count` gives, of all partitions. Single undefined rows are no gap: a truth may be empty, and a map
    dead. A method without any value, or without one in most of the rows in which others have one, is. Where there is
    no truth controls are not asked: the similarity of constant maps does not exist.
    """
    controls = results.methods["method"][results.methods["role"] == "control"]
    for cell in results.validity.itertuples():
        here = counted[counted["simulator"] == cell.simulator]
        truth = str(cell.truth)
        mine = here[(here["metric"] == cell.metric) & (here["truth"] == truth)]
        what = f"{cell.simulator}: {cell.metric}" + (f" on {truth}" if truth else "")
        if not cell.defined:
            if mine["ok"].any():
                yield f"{what} has values, although {cell.reason}"
        elif missing := sorted(_pairs(here) - _pairs(mine)):
            yield f"{what} has no rows for {missing[0]} ({len(missing)} missing): compute it with rerun=stale"
        elif len(lacking := _lacking(mine if truth else mine[~mine["method"].isin(controls)])):
            yield f"{what} should have a value and is undefined in {_where(mine, lacking)}"


def _pairs(counted: pd.DataFrame) -> set[str]:
    """Methods with their networks."""
    return set(counted["method"] + " on " + counted["network"])


def _lacking(mine: pd.DataFrame) -> pd.DataFrame:
    """The methods and networks of a cell that lack what they should have."""
    nobody, most = mine["shared"] == 0, 2 * mine["alone"] > mine["shared"]
    return mine[(mine["undefined"] > 0) & (nobody | most)]


def _where(mine: pd.DataFrame, lacking: pd.DataFrame) -> str:
    if not mine["ok"].any():
        return "every row"
    pairs, first = sorted(_pairs(lacking)), lacking.sort_values(["method", "network"]).iloc[0]
    such = f" ({len(pairs)} such)" if len(pairs) > 1 else ""
    return f"{first['undefined']} rows of {first['method']} on {first['network']}{such}"
