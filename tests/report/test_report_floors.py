"""Floors and ceilings stand beside every ranking, each from the metric and the simulators it belongs to."""

import itertools
import json

import numpy as np
import pandas as pd
import pytest
import synthetic

from bench.report.load.results import Results
from bench.report.page import boards, page
from bench.report.rankings import floors
from bench.report.rankings.ranked_results import RankedResults

GAIN = {"occlusion": 0.4, "gradient": 0.1}
COMMON = {"split": "evaluation", "stratum": "", "view": "", "status": "ok", "reason": "", "data_seed": -1}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A study that measured both gains: learned gain on one truth that it names, individual gain on two."""
    made = synthetic.study(tmp_path_factory.mktemp("floors") / "study", data_seeds=2, subjects=4)
    compared_on = {"learned_gain": "counterfactual", "individual_gain": ""}
    metrics = pd.read_csv(made / "metrics.csv", keep_default_na=False)
    more = [{**metrics.iloc[-1], "metric": name, "compared_on": truth} for name, truth in compared_on.items()]
    pd.concat([metrics, pd.DataFrame(more)]).to_csv(made / "metrics.csv", index=False)
    for part in made.glob("scores/*/*"):
        at = 1.0 if "focal" in part.parent.name else 0.5
        pd.DataFrame(list(rows(at))).to_parquet(part / "floors.parquet", index=False)
    return made


def rows(at):
    for method, gain in GAIN.items():
        for subject in range(4):
            common = {**COMMON, "model_seed": -1, "subject": subject, "method": method}
            yield {**common, "metric": "learned_gain", "truth": "", "value": at * gain}
            for truth, share in (("counterfactual", 0.5), ("planted", 0.9)):
                own = {**common, "data_seed": 0, "model_seed": 0, "metric": "individual_gain", "truth": truth}
                yield {**own, "value": at * gain * share}


@pytest.fixture(scope="module")
def board(folder):
    found = synthetic.leaderboard(Results.load(folder))
    return found[found["network"] == "gap_cnn"].set_index(["ranking", "simulator", "method"])


def test_gains_stand_beside_the_ranking_of_their_truth(board):
    for method, gain in GAIN.items():
        for simulator, at in (("focal", 1.0), ("mtl_atrophy", 0.5), (synthetic.GROUP, 0.75)):
            row = board.loc["anatomy", simulator, method]
            assert row["learned_gain"] == pytest.approx(gain * at)
            assert row["individual_gain"] == pytest.approx(gain * at * 0.5, abs=1e-4)
    assert board.loc["faithfulness"][list(floors.GAINS)].isna().all(axis=None)
    others = board.loc["anatomy"].drop(list(GAIN), level="method")
    assert others[list(floors.GAINS)].isna().all(axis=None)


def test_gains_are_those_of_the_subjects_that_a_ranking_counts(tmp_path):
    made = synthetic.study(tmp_path / "study", data_seeds=2, subjects=4)
    metrics = pd.read_csv(made / "metrics.csv", keep_default_na=False)
    more = {**metrics.iloc[-1], "metric": "individual_gain", "parameters": "{}"}
    pd.concat([metrics, pd.DataFrame([more])]).to_csv(made / "metrics.csv", index=False)
    about = json.loads((made / "study.json").read_text())
    about["headline"]["anatomy"]["strata"] = ["TP"]
    (made / "study.json").write_text(json.dumps(about))
    common = {**COMMON, "data_seed": 0, "model_seed": 0, "metric": "individual_gain", "truth": "counterfactual"}
    gains = [
        {**common, "method": "gradient", "subject": s, "stratum": ("TN", "TP")[s % 2], "value": s % 2} for s in range(4)
    ]
    for part in made.glob("scores/*/*"):
        pd.DataFrame(gains).astype({"value": float}).to_parquet(part / "floors.parquet", index=False)
    found = synthetic.leaderboard(Results.load(made)).query("ranking == 'anatomy' and method == 'gradient'")
    assert found["individual_gain"].dropna().unique().tolist() == [1.0]


def test_likeness_stands_beside_every_ranking(board):
    for ranking in ("anatomy", "faithfulness"):
        row = board.loc[ranking, synthetic.GROUP, "occlusion"]
        assert row["stability"] == pytest.approx(0.5 + 0.4 * 0.7, abs=0.03)
        assert row["floor_subjects"] == pytest.approx(0.2, abs=0.03)
        assert np.isnan(row["floor_untrained"])


def test_a_method_with_noise_left_in_its_maps_is_unconverged(folder):
    assert not synthetic.leaderboard(Results.load(folder))["unconverged"].any()
    methods = pd.read_csv(folder / "methods.csv", keep_default_na=False)
    noisy = methods["method"] == "smoothgrad"
    told = methods.assign(convergence=np.where(noisy, 0.62, np.nan), converged=np.where(noisy, "False", ""))
    told.to_csv(folder / "methods.csv", index=False)
    found = synthetic.leaderboard(Results.load(folder)).set_index("method")
    methods.to_csv(folder / "methods.csv", index=False)
    assert (found.loc["smoothgrad", "convergence"] == 0.62).all() and found.loc["smoothgrad", "unconverged"].all()
    assert not found.drop("smoothgrad")["unconverged"].any() and found.drop("smoothgrad")["convergence"].isna().all()


def test_a_study_without_rankings_has_an_empty_leaderboard(folder, tmp_path):
    study = Results.load(folder)
    bare = Results(**{**vars(study), "about": {**study.about, "headline": {}}})
    assert list(synthetic.leaderboard(bare)) == list(synthetic.leaderboard(study))
    assert synthetic.leaderboard(bare).empty


def test_the_page_shows_the_floors_that_were_measured(folder):
    source = RankedResults.of(folder)
    html = page.write(source, [], {}).read_text(encoding="utf-8")
    for board in itertools.chain(*boards.boards(source).values()):
        gains = floors.GAINS if board.headline.ranking == "anatomy" else []
        assert board.floors == [*gains, "stability", "floor_subjects"]
        for row in (row[synthetic.GROUP] for row in board.rows):
            for column in board.floors:
                known = pd.notna(source.tables["leaderboard"].loc[row, column])
                assert (f'data-at="leaderboard {row} {column}"' in html) == known
    assert "Floors and ceilings" in html and ">floor untrained<" not in html
