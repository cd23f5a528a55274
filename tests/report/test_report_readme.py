"""Tables of published studies in READMEs."""

import pandas as pd
import pytest

from bench.report import write_readme
from bench.report.readme import simulators, told_globally


@pytest.mark.parametrize(("declared", "named"), [("0.25", "chance 0.25"), ("", "constant map 0.25")])
def test_the_readme_table_is_replaced_between_its_markers_only(tmp_path, declared, named):
    board = {
        "ranking": "anatomy",
        "metric": "found.large",
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
    (tmp_path / "quick" / "metrics.csv").write_text(f"metric,chance\nfound,{declared}\n")
    page = tmp_path / "README.md"
    page.write_text("before\n<!-- table:quick -->\n<!-- /table:quick -->\nafter\n")
    for _ in range(2):
        assert write_readme(page, "quick", tmp_path / "quick")
        assert page.read_text().count("**1** 0.50 [0.40, 0.60]") == 1
        assert f"fixed atrophy, {named} |" in page.read_text()
    assert page.read_text().startswith("before\n")
    assert page.read_text().endswith("after\n")
    page.write_text("no marker")
    assert not write_readme(page, "quick", tmp_path / "quick")


def test_a_simulator_that_global_statistics_tell_stands_apart_and_one_with_a_leak_nowhere(tmp_path):
    """By their audits, none of them hidden by a competent model."""
    trained = {"network": "linear", "auc": 0.97, "train_subjects": 9, "epochs": 1, "competence_low": 0.9}
    reached = {f"separability_{part}": 0.98 for part in ("asked", "reached", "low", "high")}
    failed = {"good": (), "bright": ("trivial observer",), "leaky": ("trivial observer", "twins"), "odd": ("twins",)}
    pd.DataFrame([{"simulator": name, "passed": True, **trained, **reached} for name in failed]).to_csv(
        tmp_path / "models.csv", index=False
    )
    pd.DataFrame(
        {"simulator": name, "audit": audit, "auc": 0.5, "low": 0.4, "high": 0.6, "verdict": verdict}
        for name, audits in failed.items()
        for audit in ("trivial observer", "twins")
        for verdict in ["failed" if audit in audits else "passed"]
    ).to_csv(tmp_path / "simulator_audits.csv", index=False)
    listed = [[line.split("`")[1] for line in t(tmp_path).splitlines()[2:]] for t in (simulators, told_globally)]
    assert listed == [["good"], ["bright"]]
