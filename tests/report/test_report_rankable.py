"""Which contests rank anybody: those in which a method that may be ranked is shown to beat what sees no model."""

from types import SimpleNamespace

import numpy as np
import pandas as pd

from bench.report.rankings import comparisons
from bench.report.rankings.contest import Contest

METHODS = ["worse", "better", "odd", "edges"]
ROLES, READS = ["method"] * 3 + ["control"], [True, True, True, False]
RNG = np.random.default_rng(0)


def scores(mean, subjects=30):
    return mean + 0.05 * RNG.standard_normal((5, subjects))


def contest(*tables, failing=()):
    """The methods above over simulators, each with scores (4, D, I)."""
    catalogue = pd.DataFrame({"method": METHODS, "role": ROLES, "reads_model": READS, "reference_class": "none"})
    results = SimpleNamespace(
        methods=catalogue, declares_chance=lambda metric: True, against={"methods": ["controls"]},
        metric=lambda metric: {"higher_is_better": True, "chance": 0.0},
    )  # fmt: skip
    counts = [(~np.isnan(table)).astype(int) for table in tables]
    blocks = [
        SimpleNamespace(passed=True, subjects=np.arange(table.shape[2]), simulator=str(k))
        for k, table in enumerate(tables)
    ]
    units = np.sum([count.any(-1).sum(-1) for count in counts], 0)
    headline = SimpleNamespace(metric="m", truth="", view="", strata=[], ranking="anatomy")
    arrays = list(tables), counts, units, [None] * len(tables), []
    made = Contest(results, headline, "group", blocks, METHODS, *arrays, frozenset(failing))
    made.__dict__["native"] = np.full(len(METHODS), np.nan)
    return made


def test_a_method_above_the_edges_makes_a_ranking_of_all():
    ranked = contest(np.stack([scores(0.2), scores(0.6), scores(0.3), scores(0.4)]))
    assert ranked.rankable and set(ranked.statuses()) == {"ok"} and len(ranked.entitled(ranked.statuses())) == 3


def test_what_depends_on_nothing_learnt_makes_none_whatever_it_scores():
    ranked = contest(np.stack([scores(0.2), scores(0.25), scores(0.9), scores(0.5)]), failing=["odd"])
    assert not ranked.rankable and set(ranked.statuses()) == {"not rankable"}


def test_one_lucky_score_makes_none():
    table = np.stack([scores(0.2), scores(0.25), scores(np.nan), scores(0.5)])
    table[2, 0, 0] = 0.9
    assert not contest(table).rankable


def test_one_lucky_score_of_a_control_unmakes_none():
    table = np.stack([scores(0.8), scores(0.7), scores(0.6), scores(np.nan)])
    table[3, 0, 0] = 2.0
    assert contest(table).rankable


def test_equal_to_the_edges_is_not_above_them():
    assert not contest(np.stack([scores(0.8)] * 4)).rankable


def test_a_preview_claims_nothing_where_the_control_has_no_value():
    few, enough = (np.stack([scores(0.9), scores(0.8), scores(0.7), scores(0.1)]) for _ in range(2))
    few[:, 3:], few[3] = np.nan, np.nan
    rows = comparisons.table(contest(few, enough))
    assert (rows["p_adjusted"] < 0.05).any()
    assert set(rows["verdict"]) == {"preview: fewer than 5 data seeds"}
