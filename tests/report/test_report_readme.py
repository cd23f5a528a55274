"""Tables of published studies in READMEs."""

import pandas as pd

from bench.report import write_readme


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
        assert write_readme(page, "quick", tmp_path / "quick")
        assert page.read_text().count("**1** 0.50 [0.40, 0.60]") == 1
    assert page.read_text().startswith("before\n")
    assert page.read_text().endswith("after\n")
    page.write_text("no marker")
    assert not write_readme(page, "quick", tmp_path / "quick")
