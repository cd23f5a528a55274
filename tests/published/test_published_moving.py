"""What the committed rows of `moving` must show: where places of disease move, methods beat maps of groups."""

import json
from pathlib import Path

import pandas as pd
import pytest

from bench.report.statistics.intervals import mean_estimate

FOLDER = Path(__file__).parents[2] / "results" / "published" / "moving"
BOARD = pd.read_csv(FOLDER / "leaderboard.csv")
GROUPS = [name for name in BOARD["simulator"].unique() if name.startswith("moving ")]
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


@pytest.mark.parametrize("group", GROUPS)
def test_anatomy_is_told_better_by_a_method_than_by_any_map_of_other_patients(group):
    rows = board("anatomy", group)
    assert rows.loc[OF_OTHERS + BLIND, "mean"].max() < best(rows)["low"]


@pytest.mark.parametrize("group", GROUPS)
def test_use_is_told_better_by_a_method_than_by_any_map_of_other_patients_where_there_are_models_enough(group):
    rows = board("faithfulness", group)
    few = rows["preview"].notna()
    assert few.all() or not few[rows["role"] == "method"].any()
    assert few.any() or rows.loc[OF_OTHERS + BLIND, "mean"].max() < best(rows)["low"]


def test_only_atrophy_has_too_few_models_past_the_gate():
    models = pd.read_csv(FOLDER / "models.csv").groupby("simulator")["passed"].sum()
    assert (models.drop("atrophy_moving") == 5).all() and 0 < models["atrophy_moving"] < 5


def test_the_oracle_of_use_is_right_everywhere():
    rows = BOARD[(BOARD["ranking"] == "faithfulness") & (BOARD["method"] == "oracle_use")]
    assert len(rows) == 10 and rows["mean"].to_numpy() == pytest.approx(1.0, abs=1e-6)


def test_the_gradient_is_right_about_patients_with_a_lesion_anywhere_unless_it_is_smoothed():
    """Five data seeds, 32 patients: its interval lies above .80, and the smoothing chosen for anatomy costs it that."""
    scores = pd.read_parquet(FOLDER / "scores", filters=[("simulator", "==", "focal"), ("metric", "==", "region_ap")])
    mine = scores[(scores["method"] == "gradient") & scores["stratum"].isin(["TP", "FN"]) & (scores["status"] == "ok")]
    means, lows = {}, {}
    for view in ("abs", "abs+own"):
        rows = mine[mine["view"] == view].pivot_table(index="data_seed", columns="subject", values="value")
        estimate = mean_estimate(rows.to_numpy()[None])
        means[view], lows[view] = estimate.mean[0], estimate.interval()[0][0]
        assert rows.shape == (5, 32)
    assert lows["abs"] > 0.80 and means["abs+own"] < means["abs"]


def test_claims_are_made_from_five_data_seeds():
    claims = pd.read_csv(FOLDER / "comparisons.csv")
    mine = claims[claims["simulator"].isin(GROUPS) & (claims["against"] == "every control")]
    claimed = mine[mine["verdict"] == "better"].groupby("simulator")["method"].nunique()
    assert claimed["moving focal lesions"] > 5 and claimed["moving texture"] > 5
    assert (claims["low"][claims["verdict"] == "better"] >= 0).all()


def test_expected_gradients_alone_are_of_the_first_rank_in_every_group_of_both_rankings():
    rows = BOARD[BOARD["simulator"].isin(GROUPS) & BOARD["ranking"].isin(["anatomy", "faithfulness"])]
    first = rows[rows["rank"] == 1].groupby("method").size()
    assert list(first.index[first == 2 * len(GROUPS)]) == ["expected_gradients"]
