"""Drift is said, and nothing else is."""

import pandas as pd
import pytest

from bench.report import BadTables, drift, write_readme


def _write(folder, means):
    folder.mkdir()
    rows = [
        {"ranking": "anatomy", "simulator": "all", "network": "n", "method": m, "mean": v} for m, v in means.items()
    ]
    pd.DataFrame(rows).to_csv(folder / "leaderboard.csv", index=False)
    return folder


def test_drift_names_what_moved_and_what_is_gone(tmp_path):
    old = _write(tmp_path / "old", {"a": 0.5, "b": 0.5, "c": 0.5, "d": None})
    new = _write(tmp_path / "new", {"a": 0.52, "b": 0.8, "d": None, "extra": 1.0})
    found = drift(new, old)
    assert [sentence.split(":")[0].split(" / ")[-1] for sentence in found] == ["b", "c"]
    assert drift(old, old) == []
    with pytest.raises(BadTables, match=r"nothing is published in .*/never; do so with"):
        drift(new, tmp_path / "never")


def test_the_readme_table_is_replaced_between_its_markers_only(tmp_path):
    board = {
        "ranking": "anatomy",
        "simulator": "fixed atrophy",
        "network": "n",
        "role": "method",
        "tied": False,
        "status": "ok",
        "chance": 0.25,
    }
    rows = [{**board, "method": "m", "rank": 1, "mean": 0.5, "low": 0.4, "high": 0.6}]
    (tmp_path / "quick").mkdir()
    places = pd.DataFrame({"simulator": ["s"], "place": ["fixed"], "family": ["atrophy"]})
    places.to_csv(tmp_path / "quick" / "simulators.csv", index=False)
    pd.DataFrame(rows).to_csv(tmp_path / "quick" / "leaderboard.csv", index=False)
    page = tmp_path / "README.md"
    page.write_text("before\n<!-- table:quick -->\n<!-- /table:quick -->\nafter\n")
    for _ in range(2):
        assert write_readme(page, tmp_path / "quick")
        assert page.read_text().count("**1** 0.50 [0.40, 0.60]") == 1
    assert page.read_text().startswith("before\n")
    assert page.read_text().endswith("after\n")
    page.write_text("no marker")
    assert not write_readme(page, tmp_path / "quick")
