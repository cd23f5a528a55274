"""Refusals: scores that nobody has, each in one word and with its reason, read off the rows of the scores themselves.

A state has one word in every table: `unsupported` is a part that says no, `undefined` a value that does not exist,
`failed` a fault, of which a crash and a hang are kinds.
"""

import re
from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from bench.columns.declaration import CASE, METHOD, SEEDS
from bench.columns.metric_names import MetricName
from bench.columns.written import FAILURES
from bench.report.load.results import Ranking

UNDEFINED = "undefined"
#: the word of a status in every ranking, what weighs most first: that a method failed tells more than that it said no
STATES = {
    "failed": "failed", "timeout": "failed", "killed": "failed",
    "unsupported": "unsupported", "undefined": "undefined",
}  # fmt: skip
WORDS = sorted(set(STATES.values()))
#: statuses that are no fault
SAID_NO = ("unsupported", "undefined")
_SHOWN = [*METHOD.names, *CASE.names]
_MODEL = [*SEEDS.names, "method"]
#: how a row begins whose value would be made from what was refused: stage, method and metric of that
_ABOVE = re.compile(r"(?P<stage>[a-z]+)(?: (?P<method>\S+))?(?: \S+)?: (?P<reason>.*)", re.DOTALL)


def by_case(scores: pd.DataFrame) -> pd.DataFrame:
    """State and reason of a partition's rows without a value, by method, metric, truth and view: what weighs most."""
    empty = scores[scores["status"] != "ok"]
    first = _heaviest(empty).drop_duplicates(_SHOWN)[[*_SHOWN, "status", "reason"]].astype(str)
    return first.assign(status=first["status"].map(STATES)).reset_index(drop=True)


def of_ranking(headline: Ranking, empty: Sequence[pd.DataFrame]) -> dict[str, tuple[str, str]]:
    """Method -> state and reason of what has no value in a ranking, by what several simulators say (`by_case`)."""
    rows = pd.concat(empty)
    mine = (rows["metric"] == headline.metric) & (rows["truth"] == headline.truth) & (rows["view"] == headline.view)
    first = _heaviest(rows[mine]).drop_duplicates("method")
    return {m: (s, r) for m, s, r in first[["method", "status", "reason"]].itertuples(index=False, name=None)}


def of_partition(simulator: str, network: str, scores: pd.DataFrame) -> pd.DataFrame:
    """Rows of failures.csv: what of a partition no subject has, as its part said no or the value does not exist.

    A metric that has a value on any truth is left out, as validity.csv says which truths it has none on. What refuses a
    method as a whole is one row, with the stage that did; what a metric has for no method is one row without a method.
    """
    names = {name: MetricName.of(str(name)).metric for name in scores["metric"].unique()}
    rows = scores[[*_MODEL, "status", "reason"]].assign(metric=scores["metric"].astype(str).map(names))
    known = (rows["status"] == "ok").groupby([rows[n] for n in (*_MODEL, "metric")], observed=True).transform("any")
    lost = _heaviest(rows[~known & rows["status"].isin(SAID_NO)]).drop_duplicates([*_MODEL, "metric"])
    has_any = pd.MultiIndex.from_frame(rows.loc[rows["status"] == "ok", _MODEL].drop_duplicates())
    whole = lost.duplicated([*_MODEL, "reason"], keep=False) & ~pd.MultiIndex.from_frame(lost[_MODEL]).isin(has_any)
    alike = lost.groupby([*SEEDS.names, "metric", "reason"], observed=True)["method"].transform("nunique")
    nobody = ~whole & (alike == rows["method"].nunique())
    named = lost.astype(dict.fromkeys(["method", "metric", "status", "reason"], str))
    # comparisons of models are made from maps as well: what refused these is told of each model
    named = named.assign(method=named["method"].mask(nobody, ""))[~whole | (lost["data_seed"] >= 0)]
    lost, whole = lost.loc[named.index], whole[named.index]
    rows = named.assign(
        stage=np.where(lost["data_seed"] < 0, "compare", "measure"), simulator=simulator, network=network
    )
    above = [_above(row) if all_of_it else row for row, all_of_it in zip(rows.to_dict("records"), whole, strict=True)]
    return pd.DataFrame(above, columns=FAILURES.names).drop_duplicates(ignore_index=True)


def _heaviest(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows, those first that tell most of why there is nothing."""
    weight = rows["status"].astype(str).map(list(STATES).index)
    return rows.loc[weight.sort_values(kind="stable").index]


def _above(row: dict[Hashable, Any]) -> dict[Hashable, Any]:
    """The row of what was refused, by how the reason of one begins that would be made from it."""
    match = _ABOVE.fullmatch(row["reason"])
    parts: dict[Any, Any] = match.groupdict(default="") if match else {"stage": "attribute"}
    return {**row, **parts, "metric": ""}
