"""Faithfulness on the committed rows of `quick`: what sees no model gets nothing, what is exact gets all of its own."""

import json
from pathlib import Path

import pandas as pd
import pytest

FOLDER = Path(__file__).parents[2] / "results" / "published" / "quick"
METHODS = pd.read_csv(FOLDER / "methods.csv", keep_default_na=False).set_index("method")
#: controls that know neither the model nor, as the model-free bars do, other patients
BLIND = ["constant", "random", "sobel", "input_magnitude"]
GRADIENTS = METHODS.index[METHODS["family"].isin(["gradient", "path", "guided"])]
BOARD = pd.read_csv(FOLDER / "leaderboard.csv").query(
    "ranking == 'faithfulness' and status in ('ok', 'preview', 'not rankable')"
)


def board(simulator):
    """Rows of one simulator over its models past the gate, by network and method."""
    found = BOARD[BOARD["simulator"] == simulator].set_index(["network", "method"])
    assert len(found)
    return found


def of(rows, methods):
    return rows[rows.index.isin(methods, level="method")]


def test_the_rows_are_of_patients():
    headline = json.loads((FOLDER / "study.json").read_text())["headline"]["faithfulness"]
    assert headline["truth"] == "use" and set(headline["strata"]) == {"TP", "FN"}


def test_what_sees_no_model_gets_nothing_on_a_fixed_atrophy():
    found = of(board("mtl_atrophy"), BLIND)["mean"]
    assert len(found) == 2 * len(BLIND)
    assert found.abs().max() <= 0.10


def test_what_sees_no_model_lies_below_every_gradient_method_on_lesions_anywhere():
    found = board("focal")
    for _, rows in found.groupby(level="network"):
        assert of(rows, BLIND)["mean"].max() < of(rows, GRADIENTS)["mean"].min()


def test_the_gradient_is_nearer_right_than_blind_about_patients_with_a_lesion_anywhere():
    """Its slopes weighed without the judged subject; what counts regions from a reference is nearer still."""
    rows = board("focal").loc["gmp_cnn"]
    assert rows.loc["gradient", "low"] > 1.5 * rows.loc[rows.index.intersection(BLIND), "mean"].max()
    assert rows.loc["integrated_gradients", "mean"] > 0.9 > rows.loc["gradient", "mean"] > 0.7


def test_the_oracle_of_use_is_right():
    assert of(BOARD.set_index(["network", "method"]), ["oracle_use"])["mean"].to_numpy() == pytest.approx(1.0, abs=1e-6)


def test_a_controls_use_is_how_much_could_befall_a_region_which_no_map_tells():
    """Among controls of `focal` every method falls behind the constant map, which ranks regions by their volume."""
    found = board("focal")
    behind = found["elsewhere"][found["role"] == "method"]
    assert len(behind) > 8 and (behind < 0).all()


def test_exact_contributions_of_a_linear_model_answer_their_own_question():
    """And not all of `use`, which is asked from the redraw mean: these are counted from zero, one from there."""
    cells = pd.read_csv(FOLDER / "cells.csv").query("network == 'linear' and simulator == 'mtl_atrophy'")
    exact = METHODS.index[METHODS["reference_class"] == "zero"].intersection(
        ["gradient_x_input", "integrated_gradients", "lrp_0"]
    )
    asked = cells[(cells["metric"] == "own_question") & cells["method"].isin(exact)]
    assert len(asked) == len(exact) == 3 and (asked["mean"] > 0.999).all()
    use = cells[(cells["metric"] == "region_ap") & (cells["truth"] == "use")].set_index("method")["mean"]
    assert (use[exact] < 0.95).all() and use["integrated_gradients_redraw"] >= 0.98


def test_maps_of_other_patients_lose_where_places_move():
    """The t-map, the template, the mean z-map and the use of other patients lie below the best method's interval."""
    leaderboard = pd.read_csv(FOLDER / "leaderboard.csv").query("simulator == 'moving focal lesions'")
    leaderboard, found = leaderboard[leaderboard["status"] == "preview"], 0
    for _, rows in leaderboard.groupby(["ranking", "network"]):
        rows = rows.set_index("method")
        best = rows[rows["role"] == "method"]["mean"].idxmax()
        others = rows.loc[["group_t_map", "template_prior", "mean_z_map", "use_of_others"], "mean"]
        found += len(others)
        assert others.max() < rows.loc[best, "low"]
    assert found == 8


def test_where_a_place_is_fixed_no_map_of_a_network_shows_it_as_other_patients_do():
    leaderboard = pd.read_csv(FOLDER / "leaderboard.csv").query("simulator == 'fixed atrophy' and ranking == 'anatomy'")
    assert set(leaderboard["status"]) <= {"not rankable", "unsupported"} and leaderboard["rank"].isna().all()
    for _, rows in leaderboard.groupby("network"):
        assert rows.set_index("method").loc["template_prior", "mean"] > rows[rows["role"] == "method"]["mean"].max()
