"""Refusals are rows everywhere, each with its reason and in one word for one state."""

import pandas as pd
import pytest
import synthetic

from bench.columns.written import FAILURES
from bench.report.page import page
from bench.report.rankings import refusals
from bench.report.rankings.ranked_results import RankedResults

REASON = "no convolutional layer"


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """grad_cam is refused on `linear`, by its scores alone: failures.csv, as older code wrote it, does not say so."""
    folder = tmp_path_factory.mktemp("refusals") / "study"
    synthetic.study(folder, data_seeds=2, model_seeds=1, subjects=4, networks=list(synthetic.NETWORKS))
    return RankedResults.of(folder)


def test_a_state_has_one_word_in_every_table(source):
    tables = source.tables
    refused = {}
    for name, column in (("leaderboard", "status"), ("comparisons", "verdict"), ("failure_counts", "status")):
        rows = tables[name][(tables[name]["method"] == "grad_cam") & (tables[name]["network"] == "linear")]
        refused[name] = set(rows[column])
    scores = source.results.partition("mtl_atrophy", "linear")
    refused["scores"] = set(scores["status"][scores["method"] == "grad_cam"].astype(str))
    assert set(map(frozenset, refused.values())) == {frozenset({"unsupported"})}, refused
    broken = tables["leaderboard"][tables["leaderboard"]["method"] == "broken"]
    assert set(broken["status"]) == {"failed"} and broken["reason"].str.contains("boom").all()


def test_a_refusal_is_counted_and_shown_with_its_reason(source):
    counts = source.tables["failure_counts"]
    row = counts[counts["status"] == "unsupported"].iloc[0]
    assert (row["stage"], row["method"], row["metric"], row["reason"]) == ("attribute", "grad_cam", "", REASON)
    # models of both simulators
    assert row["n"] == 4
    # faults come first
    assert counts["status"].iloc[0] == "failed"
    html = page.write(source, [], {}).read_text(encoding="utf-8")
    assert "Nothing failed and nothing was refused" not in html and html.count(REASON) >= 3


def rows(*given):
    """Scores by (method, metric, truth, status, reason), of one model and subject."""
    columns = ["method", "metric", "truth", "status", "reason"]
    fixed = {"data_seed": 0, "model_seed": 0, "view": "abs"}
    return pd.DataFrame(given, columns=columns).assign(**fixed)


def refused(*given):
    found = refusals.of_partition("box", "linear", rows(*given))
    assert list(found.columns) == FAILURES.names
    return found[["stage", "method", "metric", "status", "reason"]].to_numpy().tolist()


OTHER = ("other", "ap", "planted", "ok", "")


def test_what_a_method_is_made_from_is_named_by_its_stage():
    why = "attribute cam: it says: no"
    found = refused(OTHER, ("cam", "ap", "planted", "unsupported", why), ("cam", "roc", "planted", "unsupported", why))
    assert found == [["attribute", "cam", "", "unsupported", "it says: no"]]


def test_a_metric_without_any_value_is_a_row_and_one_with_a_value_on_another_truth_is_none():
    found = refused(
        OTHER, ("cam", "ap", "edit", "undefined", "no edit"), ("cam", "ap", "planted", "ok", ""),
        ("cam", "signed.column", "use", "unsupported", "no sign"), ("cam", "signed", "use", "undefined", "no use"),
    )  # fmt: skip
    assert found == [["measure", "cam", "signed", "unsupported", "no sign"]]


def test_a_metric_that_has_a_value_for_no_method_is_one_row():
    found = refused(OTHER, *((name, "share", "", "undefined", "the place is fixed") for name in ("cam", "other")))
    assert found == [["measure", "", "share", "undefined", "the place is fixed"]]


def test_a_crash_and_a_hang_are_failures_and_weigh_more_than_a_refusal():
    found = refusals.by_case(
        rows(
            ("cam", "ap", "use", "unsupported", "a"),
            ("cam", "ap", "use", "killed", "b"),
            ("cam", "x", "", "timeout", "c"),
        )
    )
    told = sorted(found[["metric", "status", "reason"]].to_numpy().tolist())
    assert told == [["ap", "failed", "b"], ["x", "failed", "c"]]


def test_nothing_refused_is_no_row():
    assert refused(OTHER) == [] and refusals.by_case(rows(OTHER)).empty
