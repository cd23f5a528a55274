"""What the committed rows of `moving` must show: where places of disease move, methods beat maps of groups."""

import json
from pathlib import Path

import pandas as pd
import pytest

from bench.report.statistics.intervals import mean_estimate

FOLDER = Path(__file__).parents[2] / "results" / "published" / "moving"
BOARD = pd.read_csv(FOLDER / "leaderboard.csv")
GROUPS = [name for name in BOARD["simulator"].unique() if name.startswith("moving ")]
#: those in which models enough are past the gate
RANKED = [name for name in GROUPS if name != "moving atrophy"]
#: controls that know the disease, or other patients, and not this patient
OF_OTHERS = ["group_t_map", "template_prior", "mean_z_map", "use_of_others"]
#: controls that know neither the model nor other patients
BLIND = ["constant", "random", "smooth_random", "sobel", "input_magnitude"]


def board(ranking, group):
    rows = BOARD[(BOARD["ranking"] == ranking) & (BOARD["simulator"] == group)]
    return rows.set_index("method")


def best(rows):
    methods = rows[(rows["role"] == "method") & (rows["status"] == "ok")]
    return methods.loc[methods["mean"].idxmax()]


def test_five_families_have_places_that_move():
    about = json.loads((FOLDER / "study.json").read_text())
    assert len(GROUPS) == 5 and len(about["data_seeds"]) == 5 and len(about["simulators"]) == 5
    assert set(pd.read_csv(FOLDER / "simulators.csv")["place"]) == {"moving"}


@pytest.mark.parametrize("ranking", ["anatomy", "faithfulness"])
@pytest.mark.parametrize("group", RANKED)
def test_a_method_tells_more_than_any_map_of_other_patients(ranking, group):
    rows = board(ranking, group)
    assert rows.loc[OF_OTHERS + BLIND, "mean"].max() < best(rows)["low"]


def test_where_few_models_are_past_the_gate_or_few_subjects_were_asked_nobody_is_ranked():
    few = BOARD[(BOARD["simulator"] == "moving atrophy") | (BOARD["ranking"] == "infidelity")]
    assert few["rank"].isna().all() and {"not rankable", "preview"} <= set(few["status"])


def test_only_atrophy_has_too_few_models_past_the_gate():
    models = pd.read_csv(FOLDER / "models.csv").groupby("simulator")["passed"].sum()
    assert (models.drop("atrophy_moving") == 5).all() and 0 < models["atrophy_moving"] < 5


def test_the_oracle_of_use_is_right_everywhere():
    rows = BOARD[(BOARD["ranking"] == "faithfulness") & (BOARD["method"] == "oracle_use")]
    assert len(rows) == 10 and rows["mean"].to_numpy() == pytest.approx(1.0, abs=1e-6)


def test_the_gradient_is_nearer_right_than_blind_about_patients_with_a_lesion_anywhere():
    """Five data seeds, 32 patients, unsmoothed: far above what sees no model, and not above 0.8."""
    scores = pd.read_parquet(FOLDER / "scores", filters=[("simulator", "==", "focal"), ("metric", "==", "region_ap")])
    mine = scores[(scores["method"] == "gradient") & scores["stratum"].isin(["TP", "FN"]) & (scores["status"] == "ok")]
    rows = mine[mine["view"] == "abs"].pivot_table(index="data_seed", columns="subject", values="value")
    estimate = mean_estimate(rows.to_numpy()[None])
    blind = board("faithfulness", "moving focal lesions").loc[BLIND, "mean"].max()
    assert rows.shape == (5, 32) and 1.5 * blind < estimate.interval()[0][0] < 0.8


def test_claims_are_made_from_five_data_seeds():
    claims = pd.read_csv(FOLDER / "comparisons.csv")
    mine = claims[claims["simulator"].isin(GROUPS) & (claims["against"] == "every control")]
    claimed = mine[mine["verdict"] == "better"].groupby("simulator")["method"].nunique()
    assert claimed["moving focal lesions"] > 5 and claimed["moving texture"] > 5
    assert (claims["low"][claims["verdict"] == "better"] >= 0).all()


def test_expected_gradients_alone_are_of_the_first_rank_in_every_group_of_both_rankings():
    rows = BOARD[BOARD["simulator"].isin(RANKED) & BOARD["ranking"].isin(["anatomy", "faithfulness"])]
    first = rows[rows["rank"] == 1].groupby("method").size()
    assert list(first.index[first == 2 * len(RANKED)]) == ["expected_gradients"]
