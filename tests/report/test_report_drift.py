"""Drift of two studies: what moved, by how much, and how sure that is."""

import shutil

import numpy as np
import pandas as pd
import pytest

from bench import report
from bench.columns.between import DRIFT
from bench.report import drift
from bench.report.statistics.intervals import mean_estimate

AT = ["ranking", "simulator", "network", "method"]


def changed(folder, to, of_rows=None, of_provenance=None, of_board=None):
    """A copy of a study whose score rows, provenance and leaderboard are changed."""
    shutil.copytree(folder, to)
    for name, change in (("scores/*/*/*.parquet", of_rows), ("provenance.parquet", of_provenance)):
        for path in sorted(to.glob(name)) if change else ():
            change(pd.read_parquet(path, partitioning=None)).to_parquet(path, index=False)
    if of_board:
        of_board(pd.read_csv(to / "leaderboard.csv", keep_default_na=False)).to_csv(to / "leaderboard.csv", index=False)
    return to


@pytest.fixture(scope="module")
def moved(study_folder, tmp_path_factory):
    """The synthetic study in which one method scores 0.2 less in one ranking, and another method has gone."""

    def of_rows(rows):
        mine = (rows["method"] == "occlusion") & (rows["metric"] == "calibrated_ap")
        kept = rows.assign(value=rows["value"] + mine * (0.01 * (rows["subject"] % 3 - 1) - 0.2))
        return kept[rows["method"] != "sobel"]

    def of_board(board):
        mine = (board["method"] == "occlusion") & (board["metric"] == "calibrated_ap")
        board["mean"] = pd.to_numeric(board["mean"], "coerce") - 0.2 * mine
        return board[board["method"] != "sobel"]

    return changed(study_folder, tmp_path_factory.mktemp("drift") / "new", of_rows, of_board=of_board)


def test_nothing_moves_from_a_study_to_itself(study_folder):
    table = drift(study_folder, study_folder)
    assert list(table.columns) == DRIFT.names and set(table["change"]) == {"within"}
    assert (table["difference"] == 0).all() and table["paired"].all()
    assert report.drift_sentences(table) == []
    assert report.drift_summary(table).endswith("none by more than 0.000: 0 moved, 0 gone, 0 new")


def test_what_moved_and_what_is_gone_is_named_and_nothing_else(study_folder, moved):
    table = drift(study_folder, moved)
    drifted = table[table["change"] != "within"]
    assert set(zip(drifted["method"], drifted["change"], strict=True)) == {("occlusion", "moved"), ("sobel", "gone")}
    assert set(drifted["ranking"][drifted["change"] == "moved"]) == {"anatomy"}
    sentences = report.drift_sentences(table)
    assert any("occlusion: 0.6" in s and "-0.2" in s and s.endswith("]") for s in sentences)
    assert any("sobel" in s and s.endswith("no mean any more") for s in sentences)
    back = drift(moved, study_folder)
    assert set(back["change"][back["method"] == "sobel"]) == {"new"}


def test_the_interval_is_of_paired_differences(study_folder, moved):
    """What subjects and seeds share cancels, so that it is as narrow as the differences, and not as the scores."""
    table = drift(study_folder, moved).set_index(AT)
    row = table.loc["anatomy", "focal", "gap_cnn", "occlusion"]
    by_subject = np.tile(-0.2 + 0.01 * (np.arange(30) % 3 - 1), (5, 1))
    low, high = mean_estimate(by_subject[None]).interval()
    assert row["paired"] and row["difference"] == pytest.approx(by_subject.mean(), abs=1e-4)
    assert (row["low"], row["high"]) == pytest.approx((low[0], high[0]), abs=1e-4)
    same = table[table["difference"].notna()]
    assert (same["difference"] - (same["after"] - same["before"])).abs().max() < 2e-4


def test_other_subjects_are_not_paired(study_folder, tmp_path):
    """Their means are independent, and the interval of the difference is that of two studies."""
    other = changed(study_folder, tmp_path / "other", of_provenance=lambda rows: rows.assign(key="another"))
    table = drift(study_folder, other)
    assert not table["paired"].any() and (table["difference"] == 0).all() and set(table["change"]) == {"within"}
    wide = table[table["low"].notna() & (table["method"] == "occlusion")]
    assert (wide["high"] - wide["low"] > 0.02).all()


def test_a_difference_beyond_the_tolerance_counts_only_where_its_interval_leaves_out_zero(study_folder, tmp_path):
    def change(rows):
        mine = (rows["method"] == "occlusion") & (rows["metric"] == "calibrated_ap") & (rows["data_seed"] == 0)
        return rows.assign(value=rows["value"] - 0.6 * mine)

    table = drift(study_folder, changed(study_folder, tmp_path / "one", change))
    row = table.set_index(AT).loc["anatomy", "focal", "gap_cnn", "occlusion"]
    assert row["difference"] < -0.1 and row["low"] < 0 < row["high"] and row["change"] == "within"


def test_a_ranking_by_another_metric_is_another(study_folder, tmp_path):
    folder = shutil.copytree(study_folder, tmp_path / "other")
    about = (folder / "study.json").read_text()
    (folder / "study.json").write_text(
        about.replace('"calibrated_ap"', '"infidelity"').replace('"counterfactual"', '""')
    )
    board = pd.read_csv(folder / "leaderboard.csv", keep_default_na=False)
    board["metric"] = board["metric"].replace("calibrated_ap", "infidelity")
    board.to_csv(folder / "leaderboard.csv", index=False)
    changes = drift(study_folder, folder).groupby("metric")["change"].agg(set)
    assert changes["calibrated_ap"] == {"gone"} and changes["infidelity"] == {"new"}
    assert changes["region_ap"] == {"within"}
