"""Every mean of the leaderboard is formed again from the score rows that are shown for it."""

import json
from pathlib import Path

import pandas as pd
import pytest
import synthetic

from bench.report import BadTables, ScoreRows, leaderboard

QUICK = Path(__file__).parents[2] / "results" / "published" / "quick"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A study one of whose rankings counts patients only, with one model of six below the gate on a simulator."""
    made = synthetic.study(tmp_path_factory.mktemp("rows") / "study", data_seeds=3, model_seeds=2, subjects=6)
    about = json.loads((made / "study.json").read_text())
    about["headline"]["anatomy"]["strata"] = ["TP"]
    (made / "study.json").write_text(json.dumps(about))
    models = pd.read_csv(made / "models.csv", keep_default_na=False)
    below = (models["data_seed"] == 1) & (models["model_seed"] == 0) & (models["simulator"] == "focal")
    models.assign(passed=models["passed"] & ~below).to_csv(made / "models.csv", index=False)
    leaderboard(made)
    return made


def board(folder):
    return pd.read_csv(folder / "leaderboard.csv", keep_default_na=False, na_values={"mean": ""})


@pytest.mark.parametrize("step", [5, pytest.param(1, marks=pytest.mark.full)])
def test_the_mean_of_the_rows_is_that_of_the_table(folder, step):
    for number, row in board(folder).dropna(subset=["mean"]).iloc[::step].iterrows():
        found = ScoreRows.of(folder, number)
        assert found.stated == row["mean"] == pytest.approx(found.mean, abs=6e-5), row


def test_rows_are_those_of_the_ranking_alone(folder):
    table = board(folder)
    mine = (table["method"] == "occlusion") & (table["network"] == "gap_cnn") & (table["ranking"] == "anatomy")
    number = int(table.index[mine & (table["simulator"] == "focal")][0])
    rows = ScoreRows.of(folder, number).rows
    # three patients under five of six models
    assert len(rows) == 15 and set(rows["stratum"]) == {"TP"} and set(rows["simulator"]) == {"focal"}
    assert not ((rows["data_seed"] == 1) & (rows["model_seed"] == 0)).any()
    by_seed = rows.groupby(["data_seed", "subject"])["value"].mean()
    assert by_seed.mean() == pytest.approx(table["mean"][number], abs=6e-5)


@pytest.mark.parametrize("number", [0, 59, 120])
def test_published_rows_give_published_means(number):
    found = ScoreRows.of(QUICK, number)
    assert found.mean == pytest.approx(found.stated, abs=6e-5)


def test_a_row_that_is_not_there_or_has_no_mean_is_told(folder):
    with pytest.raises(BadTables, match="and none 10000"):
        ScoreRows.of(folder, 10_000)
    with pytest.raises(BadTables, match="has no mean: broken is failed there"):
        ScoreRows.of(folder, int(board(folder).query("method == 'broken'").index[0]))
